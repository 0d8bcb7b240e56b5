/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_SDK_PLUG_H
#define NOVACRON_SDK_PLUG_H

/*
 * The small things every plugin needs: errors with a hint, a bounded buffer, completing an
 * operation with a typed result, files built into the shared object. Any thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

struct nc_msg;

/* Goes into nc_error.domain; define it before the include or on the command line. */
#ifndef NC_PLUG_DOMAIN
#define NC_PLUG_DOMAIN "plugin"
#endif

/* Fill `err` (may be NULL) and return `code`: `return nc_plug_fail(err, NC_E_X, flags, hint, …)`.
 * `hint` is one sentence for the operator; `flags` are NC_ERR_*. */
#define nc_plug_fail(err, code, flags, hint, ...)                                                  \
	nc_plug_fail_in(NC_PLUG_DOMAIN, err, code, flags, hint, __VA_ARGS__)
nc_code nc_plug_fail_in(const char *domain, nc_error *err, nc_code code, uint32_t flags,
	const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
nc_code nc_plug_nomem_in(const char *domain, nc_error *err);
#define nc_plug_nomem(err) nc_plug_nomem_in(NC_PLUG_DOMAIN, err)

/* Growing bytes with a limit and a sticky error, checked once at the end. Always NUL-ended. */
typedef struct nc_plug_buf {
	char *ptr;
	size_t len, cap, limit;
	nc_code error; /* NC_OK, NC_E_NOMEM, NC_E_INVAL past the limit */
} nc_plug_buf;
#define NC_PLUG_BUF(limit_bytes)                                                                   \
	{                                                                                          \
		NULL, 0, 0, (limit_bytes), NC_OK                                                   \
	}
void nc_plug_buf_done(nc_plug_buf *b);
void nc_plug_buf_reset(nc_plug_buf *b); /* empty it and clear the error; keeps the memory */
void nc_plug_buf_put(nc_plug_buf *b, const void *p, size_t n);
void nc_plug_buf_puts(nc_plug_buf *b, const char *s);
void nc_plug_buf_printf(nc_plug_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void nc_plug_buf_base64(nc_plug_buf *b, const void *p, size_t n);
/* A JSON string with its quotes; bytes that are not UTF-8 come out as U+FFFD. */
void nc_plug_buf_json_str(nc_plug_buf *b, const char *s);
/* Bytes of a base64 text into out (cap places): how many, or -1 when it is not base64 or too long. */
ptrdiff_t nc_plug_unbase64(const char *text, size_t len, void *out, size_t cap);

static inline nc_bytes nc_plug_str(const char *s)
{
	nc_bytes b = { s, s ? __builtin_strlen(s) : 0 };
	return b;
}
static inline nc_bytes nc_plug_buf_bytes(const nc_plug_buf *b)
{
	nc_bytes r = { b->ptr, b->len };
	return r;
}

/*
 * Complete `op` as done with the message at `result`. One that can't be written, for want of
 * memory or because it breaks its schema, completes as NC_UNKNOWN: what was done is done.
 */
void nc_plug_done(const nc_host *host, nc_op op, const struct nc_msg *msg, const void *result);
/* One object of a query. What the sink answers is passed up. */
nc_code nc_plug_emit(const nc_host *host, nc_sink *sink, const struct nc_msg *msg, const void *obj,
	nc_error *err);

/* A log line with string fields: NC_PLUG_LOG(host, NC_LOG_INFO, "x.started", "hosts", "12"). */
#define NC_PLUG_LOG(host, level, event, ...)                                                       \
	nc_plug_log(host, level, event, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
void nc_plug_log(const nc_host *host, int32_t level, const char *event, const char *const *pairs);

/* CRC-32C (Castagnoli) of bytes; start with 0. With SSE4.2 where the processor has it. */
uint32_t nc_plug_crc32c(uint32_t crc, const void *p, size_t n);
/* The CRC of A followed by B from both CRCs and the length of B: no byte is read. */
uint32_t nc_plug_crc32c_join(uint32_t crc_a, uint32_t crc_b, uint64_t len_b);

/* A file of the plugin's folder as a NUL-ended string in the shared object: NC_PLUG_EMBED(
 * manifest_text, "manifest.json"), found on the include path of the assembler (-Wa,-Idir). */
#define NC_PLUG_EMBED(sym, file)                                                                   \
	__asm__(".pushsection .rodata\n" #sym ":\n.incbin \"" file "\"\n.byte 0\n.popsection\n");  \
	extern const char sym[] __attribute__((visibility("hidden")))

#ifdef __cplusplus
}
#endif
#endif
