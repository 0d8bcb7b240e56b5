/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/*
 * The one growing buffer, and the reader of what it wrote. Invariant: error, or ptr[len] == 0 and
 * len < cap <= limit + 1, or cap == 0 while ptr is the shared empty string, which nobody writes
 * to. So room in the memory is room under the limit. Owned by one thread at a time. Never grows
 * past its limit, never aborts on input.
 */

enum { CAP_MIN = 64 };
static char empty_text[1];

void nc_buf_init(nc_buf *b, size_t limit_bytes)
{
	size_t limit = NC_MIN(limit_bytes, (size_t)PTRDIFF_MAX); /* sums of sizes can't overflow */
	*b = (nc_buf){ .ptr = empty_text, .limit = limit };
}

void nc_buf_init_fixed(nc_buf *b, char *mem, size_t cap)
{
	nc_assert(cap > 0);
	*b = (nc_buf){ .ptr = mem, .cap = cap, .limit = cap - 1, .is_fixed = 1 };
	mem[0] = '\0';
}

void nc_buf_done(nc_buf *b)
{
	if (b->cap && !b->is_fixed)
		nc_free(b->ptr);
	nc_buf_init(b, b->limit);
}

void nc_buf_reset(nc_buf *b)
{
	b->len = 0;
	b->error = NC_OK;
	if (b->cap)
		b->ptr[0] = '\0';
}

static int grow(nc_buf *b, size_t need)
{
	size_t cap = NC_MAX(b->cap, (size_t)CAP_MIN);
	while (cap < need)
		cap *= 2;
	cap = NC_MIN(cap, b->limit + 1);
	/* nc_realloc of the shared empty string would be wrong: cap says whose ptr is */
	char *p = nc_realloc(b->cap ? b->ptr : NULL, cap);
	if (!p) {
		b->error = NC_E_NOMEM;
		return -1;
	}
	b->ptr = p;
	b->cap = cap;
	p[b->len] = '\0';
	return 0;
}

char *nc_buf_reserve(nc_buf *b, size_t n)
{
	if (b->error)
		return NULL;
	if (n > b->limit - b->len) {
		b->error = NC_E_INVAL;
		return NULL;
	}
	/* cap - len is at least 1 where cap is set: the NUL */
	if ((b->cap == 0 || b->cap - b->len <= n) && grow(b, b->len + n + 1) != 0)
		return NULL;
	return b->ptr + b->len;
}

void nc_buf_commit(nc_buf *b, size_t n)
{
	if (b->error)
		return;
	nc_assert(n == 0 || n < b->cap - b->len);
	b->len += n;
	if (b->cap)
		b->ptr[b->len] = '\0';
}

void nc_buf_put(nc_buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	char *to = nc_buf_reserve(b, n);
	if (!to)
		return;
	memcpy(to, p, n);
	nc_buf_commit(b, n);
}

void nc_buf_puts(nc_buf *b, const char *s)
{
	nc_buf_put(b, s, strlen(s));
}

void nc_buf_putc(nc_buf *b, char c)
{
	nc_buf_put(b, &c, 1);
}

void nc_buf_printf(nc_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	nc_buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void nc_buf_vprintf(nc_buf *b, const char *fmt, va_list ap)
{
	char *to = nc_buf_reserve(b, 0);
	if (!to)
		return;
	va_list again;
	va_copy(again, ap);
	size_t room = b->cap - b->len;
	int n = vsnprintf(to, room, fmt, ap);
	if (n < 0 || (size_t)n >= room) {
		*to = '\0'; /* undo the first try */
		if (n < 0)
			b->error = NC_E_INVAL;
		else if ((to = nc_buf_reserve(b, (size_t)n)))
			vsnprintf(to, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	if (!b->error)
		b->len += (size_t)n;
}

static void put_le(nc_buf *b, uint64_t v, size_t n)
{
	uint8_t raw[8];
	for (size_t i = 0; i < n; i++)
		raw[i] = (uint8_t)(v >> (8 * i));
	nc_buf_put(b, raw, n);
}

void nc_buf_put_u16(nc_buf *b, uint16_t v)
{
	put_le(b, v, 2);
}

void nc_buf_put_u32(nc_buf *b, uint32_t v)
{
	put_le(b, v, 4);
}

void nc_buf_put_u64(nc_buf *b, uint64_t v)
{
	put_le(b, v, 8);
}

void nc_buf_put_varint(nc_buf *b, uint64_t v)
{
	uint8_t raw[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		raw[n++] = (uint8_t)(v | 0x80);
	raw[n++] = (uint8_t)v;
	nc_buf_put(b, raw, n);
}

void nc_buf_put_lstr(nc_buf *b, const void *p, size_t n)
{
	nc_buf_put_varint(b, n);
	nc_buf_put(b, p, n);
}

void nc_buf_consume(nc_buf *b, size_t n)
{
	nc_assert(n <= b->len);
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->ptr, b->ptr + n, b->len + 1);
}

char *nc_buf_take(nc_buf *b, size_t *ret_len)
{
	nc_assert(!b->is_fixed);
	if (!nc_buf_reserve(b, 0)) /* an empty one gets its NUL now */
		return NULL;
	char *p = b->ptr;
	if (ret_len)
		*ret_len = b->len;
	nc_buf_init(b, b->limit);
	return p;
}

nc_cur nc_cur_of(nc_bytes b)
{
	static const uint8_t nothing[1];
	const uint8_t *p = b.ptr ? b.ptr : nothing;
	return (nc_cur){ .p = p, .end = p + (b.ptr ? b.len : 0) };
}

nc_bytes nc_cur_bytes(nc_cur *c, size_t n)
{
	if (c->bad || n > (size_t)(c->end - c->p)) {
		c->bad = 1;
		c->p = c->end;
		return (nc_bytes){ NULL, 0 };
	}
	nc_bytes b = { c->p, n };
	c->p += n;
	return b;
}

static uint64_t get_le(nc_cur *c, size_t n)
{
	const uint8_t *p = nc_cur_bytes(c, n).ptr;
	uint64_t v = 0;
	for (size_t i = 0; p && i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint8_t nc_cur_u8(nc_cur *c)
{
	return (uint8_t)get_le(c, 1);
}

uint16_t nc_cur_u16(nc_cur *c)
{
	return (uint16_t)get_le(c, 2);
}

uint32_t nc_cur_u32(nc_cur *c)
{
	return (uint32_t)get_le(c, 4);
}

uint64_t nc_cur_u64(nc_cur *c)
{
	return get_le(c, 8);
}

uint64_t nc_cur_varint(nc_cur *c)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = nc_cur_u8(c);
		if (c->bad)
			return 0;
		if ((shift == 63 && byte > 1) || (shift && byte == 0))
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	c->bad = 1;
	c->p = c->end;
	return 0;
}

nc_bytes nc_cur_lstr(nc_cur *c)
{
	uint64_t n = nc_cur_varint(c);
	return nc_cur_bytes(c, n);
}

int nc_bytes_eq(nc_bytes a, nc_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int nc_bytes_cmp(nc_bytes a, nc_bytes b)
{
	size_t n = NC_MIN(a.len, b.len);
	int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}
