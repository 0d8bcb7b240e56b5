/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_JSONW_H
#define NC_BASE_JSONW_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Streaming JSON writer over an nc_buf: no tree, no allocation of its own. Commas and nesting are
 * kept by the writer; misuse (a value without its key, an unclosed object) is an nc_assert.
 * Strings must be UTF-8; invalid bytes come out as U+FFFD. Failure is the buffer's. One value a
 * writer, at most 63 levels.
 */
typedef struct nc_jw {
	nc_buf *buf;
	uint32_t depth;
	uint8_t stack[64]; /* per level: kind and whether a comma is due */
	uint8_t has_key;
} nc_jw;

void nc_jw_init(nc_jw *w, nc_buf *buf);
void nc_jw_done(const nc_jw *w); /* asserts that one whole value was written */
void nc_jw_obj(nc_jw *w);
void nc_jw_obj_end(nc_jw *w);
void nc_jw_arr(nc_jw *w);
void nc_jw_arr_end(nc_jw *w);
void nc_jw_key(nc_jw *w, const char *key);
void nc_jw_str(nc_jw *w, const char *s); /* NULL writes null */
void nc_jw_strn(nc_jw *w, const char *s, size_t n);
void nc_jw_i64(nc_jw *w, int64_t v);
void nc_jw_u64(nc_jw *w, uint64_t v);
void nc_jw_f64(nc_jw *w, double v); /* reads back to the bit; NaN and infinities write null */
void nc_jw_bool(nc_jw *w, int v);
void nc_jw_null(nc_jw *w);
void nc_jw_time(nc_jw *w, int64_t unix_ms);           /* "2026-11-21T00:47:37.123Z" */
void nc_jw_raw(nc_jw *w, const char *json, size_t n); /* one finished value, trusted */

void nc_jw_kstr(nc_jw *w, const char *key, const char *s);
void nc_jw_ki64(nc_jw *w, const char *key, int64_t v);
void nc_jw_ku64(nc_jw *w, const char *key, uint64_t v);
void nc_jw_kf64(nc_jw *w, const char *key, double v);
void nc_jw_kbool(nc_jw *w, const char *key, int v);
void nc_jw_ktime(nc_jw *w, const char *key, int64_t unix_ms);
void nc_jw_kraw(nc_jw *w, const char *key, const char *json, size_t n);
void nc_jw_kobj(nc_jw *w, const char *key);
void nc_jw_karr(nc_jw *w, const char *key);

#endif
