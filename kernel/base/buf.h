/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_BUF_H
#define NC_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * A growing byte buffer with a mandatory limit and a sticky error, checked once at the end:
 * `nc_buf_init(&b, 64 << 10); …; if (nc_buf_failed(&b)) …; nc_buf_done(&b)`. After a failure
 * writes are no-ops. The contents are always followed by a NUL that is not counted.
 */
typedef struct nc_buf {
	char *ptr;
	size_t len, cap, limit; /* cap counts the NUL, limit doesn't */
	nc_code error;          /* NC_OK, NC_E_NOMEM, or NC_E_INVAL past the limit */
	int is_fixed;           /* ptr is the caller's */
} nc_buf;

void nc_buf_init(nc_buf *b, size_t limit_bytes);
/* In `cap` bytes of the caller's (cap > 0), never allocating: for code that must work without
 * memory. The limit is cap - 1; not for nc_buf_take. */
void nc_buf_init_fixed(nc_buf *b, char *mem, size_t cap);
void nc_buf_done(nc_buf *b);  /* cleanup form: _cleanup_(nc_buf_done) nc_buf b; */
void nc_buf_reset(nc_buf *b); /* empties, keeps memory, clears the error */
static inline int nc_buf_failed(const nc_buf *b)
{
	return b->error != NC_OK;
}
void nc_buf_put(nc_buf *b, const void *p, size_t n);
void nc_buf_puts(nc_buf *b, const char *s);
void nc_buf_putc(nc_buf *b, char c);
void nc_buf_printf(nc_buf *b, const char *fmt, ...) nc_printf(2, 3);
void nc_buf_vprintf(nc_buf *b, const char *fmt, va_list ap) nc_printf(2, 0);
void nc_buf_put_u16(nc_buf *b, uint16_t v); /* little-endian */
void nc_buf_put_u32(nc_buf *b, uint32_t v);
void nc_buf_put_u64(nc_buf *b, uint64_t v);
void nc_buf_put_varint(nc_buf *b, uint64_t v);
void nc_buf_put_lstr(nc_buf *b, const void *p, size_t n); /* varint length, bytes */
void nc_buf_consume(nc_buf *b, size_t n);                 /* drop n bytes from the front */
char *nc_buf_reserve(nc_buf *b, size_t n); /* n writable bytes at the end, then nc_buf_commit */
void nc_buf_commit(nc_buf *b, size_t n);
char *nc_buf_take(nc_buf *b, size_t *ret_len); /* caller frees with nc_free; NULL if failed */
static inline nc_bytes nc_buf_bytes(const nc_buf *b)
{
	return (nc_bytes){ b->ptr, b->len };
}

/*
 * Bounds-checked reading of binary; sticky: after an underrun everything reads as 0/empty. A
 * varint has one encoding: a longer one than needed, or past 64 bits, is bad.
 */
typedef struct nc_cur {
	const uint8_t *p, *end;
	int bad;
} nc_cur;
nc_cur nc_cur_of(nc_bytes b);
uint8_t nc_cur_u8(nc_cur *c);
uint16_t nc_cur_u16(nc_cur *c);
uint32_t nc_cur_u32(nc_cur *c);
uint64_t nc_cur_u64(nc_cur *c);
uint64_t nc_cur_varint(nc_cur *c);
nc_bytes nc_cur_bytes(nc_cur *c, size_t n);
nc_bytes nc_cur_lstr(nc_cur *c);

static inline nc_bytes nc_str(const char *s)
{
	return (nc_bytes){ s, s ? __builtin_strlen(s) : 0 };
}
int nc_bytes_eq(nc_bytes a, nc_bytes b);
int nc_bytes_cmp(nc_bytes a, nc_bytes b); /* memcmp order, shorter first */

#endif
