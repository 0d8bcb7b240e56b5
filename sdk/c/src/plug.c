/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors, the bounded buffer and the completion of operations. Stateless; any thread. It must
 * never call the host with a lock of the plugin's held: it has none, and its callers should not.
 */
#include "novacron-sdk/plug.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "novacron-sdk/msg.h"

static void copy_text(char *dst, size_t cap, const char *src)
{
	size_t n = strlen(src);

	if (n >= cap)
		n = cap - 1;
	memcpy(dst, src, n);
	dst[n] = '\0';
}

nc_code nc_plug_fail_in(const char *domain, nc_error *err, nc_code code, uint32_t flags,
	const char *hint, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->struct_size = sizeof(*err);
	err->code = code;
	err->native = 0;
	err->flags = flags;
	err->retry_after_ms = 0;
	copy_text(err->domain, sizeof(err->domain), domain);
	copy_text(err->hint, sizeof(err->hint), hint ? hint : "");
	va_start(ap, fmt);
	(void)vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	return code;
}

nc_code nc_plug_nomem_in(const char *domain, nc_error *err)
{
	return nc_plug_fail_in(domain, err, NC_E_NOMEM, NC_ERR_RETRYABLE,
		"Give the process more memory or try again when it does less.", "out of memory");
}

void nc_plug_buf_done(nc_plug_buf *b)
{
	free(b->ptr);
	b->ptr = NULL;
	b->len = b->cap = 0;
}

void nc_plug_buf_reset(nc_plug_buf *b)
{
	b->len = 0;
	b->error = NC_OK;
	if (b->ptr)
		b->ptr[0] = '\0';
}

static bool make_room(nc_plug_buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;
	char *p;

	if (b->error != NC_OK)
		return false;
	if (n > b->limit - b->len) {
		b->error = NC_E_INVAL;
		return false;
	}
	if (b->cap > b->len + n)
		return true;
	while (cap <= b->len + n)
		cap *= 2;
	p = realloc(b->ptr, cap);
	if (!p) {
		b->error = NC_E_NOMEM;
		return false;
	}
	b->ptr = p;
	b->cap = cap;
	return true;
}

void nc_plug_buf_put(nc_plug_buf *b, const void *p, size_t n)
{
	if (!make_room(b, n))
		return;
	if (n)
		memcpy(b->ptr + b->len, p, n);
	b->len += n;
	b->ptr[b->len] = '\0';
}

void nc_plug_buf_puts(nc_plug_buf *b, const char *s)
{
	nc_plug_buf_put(b, s, strlen(s));
}

void nc_plug_buf_printf(nc_plug_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !make_room(b, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void nc_plug_buf_base64(nc_plug_buf *b, const void *data, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t v = (uint32_t)p[i] << 16;
		char out[4];

		v |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		v |= left > 2 ? (uint32_t)p[i + 2] : 0;
		out[0] = digits[v >> 18];
		out[1] = digits[v >> 12 & 63];
		out[2] = left > 1 ? digits[v >> 6 & 63] : '=';
		out[3] = left > 2 ? digits[v & 63] : '=';
		nc_plug_buf_put(b, out, 4);
	}
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ptrdiff_t nc_plug_unbase64(const char *text, size_t len, void *out, size_t cap)
{
	uint8_t *to = out;
	size_t n = 0, pad = 0;
	uint32_t v = 0;

	if (len % 4 != 0)
		return -1;
	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < len; i++) {
		int d = i < len - pad ? base64_digit(text[i]) : 0;

		if (d < 0)
			return -1;
		v = v << 6 | (uint32_t)d;
		if (i % 4 != 3)
			continue;
		for (size_t k = 0; k < (i + 1 == len ? 3 - pad : 3); k++) {
			if (n == cap)
				return -1;
			to[n++] = (uint8_t)(v >> (16 - 8 * k));
		}
		v = 0;
	}
	return (ptrdiff_t)n;
}

/* Length of the UTF-8 sequence at p, at most n bytes; 0 when it is none. */
static size_t utf8_len(const unsigned char *p, size_t n)
{
	static const unsigned char low[5] = { 0, 0, 0xC2, 0xE0, 0xF0 };
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

	if (len == 1)
		return 1;
	if (p[0] < low[len] || p[0] > 0xF4 || n < len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
		(p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	return len;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

void nc_plug_buf_json_str(nc_plug_buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t left = strlen(s);

	nc_plug_buf_put(b, "\"", 1);
	while (left > 0) {
		size_t n = 0;

		while (n < left && is_plain(p[n]))
			n++;
		if (n == 0 && p[0] >= 0x80)
			n = utf8_len(p, left);
		if (n > 0) {
			nc_plug_buf_put(b, p, n);
		} else {
			if (p[0] == '"' || p[0] == '\\')
				nc_plug_buf_printf(b, "\\%c", p[0]);
			else if (p[0] >= 0x80)
				nc_plug_buf_puts(b, "\xEF\xBF\xBD");
			else
				nc_plug_buf_printf(b, "\\u%04x", p[0]);
			n = 1;
		}
		p += n;
		left -= n;
	}
	nc_plug_buf_put(b, "\"", 1);
}

void nc_plug_done(const nc_host *host, nc_op op, const nc_msg *msg, const void *result)
{
	nc_plug_buf buf = NC_PLUG_BUF(NC_RESULT_MAX);
	nc_error err = { .struct_size = sizeof(err) };

	if (nc_msg_write(msg, result, &buf, &err) == NC_OK) {
		host->op_complete(host->ctx, op, NC_DONE, NULL, nc_plug_buf_bytes(&buf));
	} else {
		err.flags |= NC_ERR_OUTCOME_UNKNOWN;
		host->op_complete(host->ctx, op, NC_UNKNOWN, &err, (nc_bytes){ NULL, 0 });
	}
	nc_plug_buf_done(&buf);
}

nc_code nc_plug_emit(
	const nc_host *host, nc_sink *sink, const nc_msg *msg, const void *obj, nc_error *err)
{
	nc_plug_buf buf = NC_PLUG_BUF(NC_SINK_MAX);
	nc_code rc = nc_msg_write(msg, obj, &buf, err);

	if (rc == NC_OK) {
		rc = host->sink_write(sink, buf.ptr, buf.len);
		if (rc != NC_OK)
			nc_plug_fail_in("sdk", err, rc, 0,
				"Ask for fewer objects at once, for instance by naming a target.",
				"the host takes no more objects of %s", msg->name);
	}
	nc_plug_buf_done(&buf);
	return rc;
}

void nc_plug_log(const nc_host *host, int32_t level, const char *event, const char *const *pairs)
{
	nc_plug_buf buf = NC_PLUG_BUF(4096);

	nc_plug_buf_puts(&buf, "{");
	for (size_t i = 0; pairs[i] && pairs[i + 1]; i += 2) {
		if (i)
			nc_plug_buf_puts(&buf, ",");
		nc_plug_buf_json_str(&buf, pairs[i]);
		nc_plug_buf_puts(&buf, ":");
		nc_plug_buf_json_str(&buf, pairs[i + 1]);
	}
	nc_plug_buf_puts(&buf, "}");
	/* A line without its fields says more than none. */
	host->log(host->ctx, level, event,
		buf.error == NC_OK ? nc_plug_buf_bytes(&buf) : (nc_bytes){ NULL, 0 });
	nc_plug_buf_done(&buf);
}
