/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/*
 * The writer of every answer, event and log line, so it is made for speed: runs of plain bytes are
 * copied whole, integers are written two digits at a time, and the buffer is asked once per piece.
 * Locale-free as long as the process stays in the "C" locale, which ours does. Owned by whoever
 * owns the buffer. Never writes what is not JSON, whatever the bytes.
 */

enum { IN_ROOT = 0, IN_OBJ = 1, IN_ARR = 2, KIND_MASK = 3, COMMA_DUE = 4 };

/* nc_buf_put for the common case that there is room. */
static inline void put(nc_buf *b, const void *p, size_t n)
{
	if (__builtin_expect(!b->error && b->cap - b->len > n, 1)) {
		memcpy(b->ptr + b->len, p, n);
		b->len += n;
		b->ptr[b->len] = '\0';
		return;
	}
	nc_buf_put(b, p, n);
}

static inline void putch(nc_buf *b, char c)
{
	put(b, &c, 1);
}

void nc_jw_init(nc_jw *w, nc_buf *buf)
{
	*w = (nc_jw){ .buf = buf };
}

void nc_jw_done(const nc_jw *w)
{
	nc_assert(w->depth == 0 && w->stack[0] == (IN_ROOT | COMMA_DUE));
}

/* What comes before any value: the comma in an array; in an object the key has seen to it. */
static inline void begin_value(nc_jw *w)
{
	uint8_t *top = &w->stack[w->depth];
	switch (*top & KIND_MASK) {
	case IN_OBJ:
		nc_assert(w->has_key);
		w->has_key = 0;
		return;
	case IN_ARR:
		if (*top & COMMA_DUE)
			putch(w->buf, ',');
		break;
	default:
		nc_assert(!(*top & COMMA_DUE));
		break;
	}
	*top |= COMMA_DUE;
}

static void open_level(nc_jw *w, uint8_t kind, char bracket)
{
	begin_value(w);
	nc_assert(w->depth + 1 < NC_LEN(w->stack));
	w->stack[++w->depth] = kind;
	putch(w->buf, bracket);
}

static void close_level(nc_jw *w, uint8_t kind, char bracket)
{
	nc_assert((w->stack[w->depth] & KIND_MASK) == kind && !w->has_key);
	w->depth--;
	putch(w->buf, bracket);
}

void nc_jw_obj(nc_jw *w)
{
	open_level(w, IN_OBJ, '{');
}

void nc_jw_obj_end(nc_jw *w)
{
	close_level(w, IN_OBJ, '}');
}

void nc_jw_arr(nc_jw *w)
{
	open_level(w, IN_ARR, '[');
}

void nc_jw_arr_end(nc_jw *w)
{
	close_level(w, IN_ARR, ']');
}

/* 0: as it is. 'u': \u00xx. 1: the start of a multi-byte character. Else the letter after '\'. */
static const uint8_t escapes[256] = {
	[0 ... 7] = 'u',
	['\b'] = 'b',
	['\t'] = 't',
	['\n'] = 'n',
	[0x0b] = 'u',
	['\f'] = 'f',
	['\r'] = 'r',
	[0x0e ... 0x1f] = 'u',
	['"'] = '"',
	['\\'] = '\\',
	[0x7f] = 'u',
	[0x80 ... 0xff] = 1,
};

/* Length of the valid UTF-8 character at s (n > 0 bytes, s[0] >= 0x80), or 0. */
static size_t utf8_len(const uint8_t *s, size_t n)
{
	uint8_t lead = s[0];
	uint8_t low = 0x80, high = 0xbf; /* of the second byte */
	size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (lead < 0xc2 || lead > 0xf4 || n < len)
		return 0;
	switch (lead) {
	case 0xe0: /* overlong */
		low = 0xa0;
		break;
	case 0xed: /* surrogates */
		high = 0x9f;
		break;
	case 0xf0: /* overlong */
		low = 0x90;
		break;
	case 0xf4: /* past U+10FFFF */
		high = 0x8f;
		break;
	default:
		break;
	}
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

static void put_escape(nc_buf *b, uint8_t c, uint8_t how)
{
	static const char digits[] = "0123456789abcdef";
	if (how == 'u') {
		const char text[] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };
		put(b, text, sizeof(text));
	} else {
		const char text[] = { '\\', (char)how };
		put(b, text, sizeof(text));
	}
}

/* One multi-byte character, or what stands for a byte that is none; how many bytes it took. */
static size_t put_wide(nc_buf *b, const uint8_t *s, size_t n)
{
	size_t len = utf8_len(s, n);
	if (len == 0) {
		put(b, "\xef\xbf\xbd", 3);
		return 1;
	}
	if (s[0] == 0xc2 && s[1] < 0xa0)
		put_escape(b, s[1], 'u'); /* U+0080 to U+009F: terminals obey them */
	else
		put(b, s, len);
	return len;
}

/* Whether a byte of the word is one that `escapes` names. */
static inline int has_special(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101, highs = ones * 0x80;
	/* (v - ones) & ~v has the high bit of the lowest zero byte of v */
	uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\', del = w ^ ones * 0x7f;
	uint64_t found = ((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) |
			 ((slash - ones) & ~slash) | ((del - ones) & ~del) | w;
	return (found & highs) != 0;
}

/* Copies up to the first byte that must be escaped or checked; how many. */
static inline size_t copy_plain(char *to, const uint8_t *s, size_t n)
{
	uint64_t word;
	size_t i = 0;
	for (; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s + i, sizeof(word));
		if (has_special(word))
			break;
		memcpy(to + i, &word, sizeof(word));
	}
	for (; i < n && escapes[s[i]] == 0; i++)
		to[i] = (char)s[i];
	return i;
}

/* The piecewise way: where something must be escaped, or memory is short. */
static void put_escaped(nc_buf *b, const uint8_t *s, size_t n)
{
	size_t i = 0;
	while (i < n) {
		size_t run = i;
		while (i < n && escapes[s[i]] == 0)
			i++;
		put(b, s + run, i - run);
		if (i == n)
			break;
		if (escapes[s[i]] == 1) {
			i += put_wide(b, s + i, n - i);
		} else {
			put_escape(b, s[i], escapes[s[i]]);
			i++;
		}
	}
}

/* A string, and `after` it where that is not 0. */
static inline void put_string(nc_buf *b, const uint8_t *s, size_t n, char after)
{
	size_t done = 0;
	if (__builtin_expect(!b->error && b->cap - b->len > n + 3, 1)) {
		char *to = b->ptr + b->len;
		to[0] = '"';
		done = copy_plain(to + 1, s, n);
		b->len += done + 1;
		if (done == n) {
			to[n + 1] = '"';
			to[n + 2] = after;
			to[n + 3] = '\0';
			b->len += after ? 2 : 1;
			return;
		}
		to[done + 1] = '\0';
	} else {
		putch(b, '"');
	}
	put_escaped(b, s + done, n - done);
	putch(b, '"');
	if (after)
		putch(b, after);
}

void nc_jw_key(nc_jw *w, const char *key)
{
	uint8_t *top = &w->stack[w->depth];
	nc_assert((*top & KIND_MASK) == IN_OBJ && !w->has_key);
	if (*top & COMMA_DUE)
		putch(w->buf, ',');
	*top |= COMMA_DUE;
	w->has_key = 1;
	put_string(w->buf, (const uint8_t *)key, strlen(key), ':');
}

void nc_jw_strn(nc_jw *w, const char *s, size_t n)
{
	begin_value(w);
	put_string(w->buf, (const uint8_t *)s, n, '\0');
}

void nc_jw_str(nc_jw *w, const char *s)
{
	if (s)
		nc_jw_strn(w, s, strlen(s));
	else
		nc_jw_null(w);
}

static const char pairs[] = "00010203040506070809"
			    "10111213141516171819"
			    "20212223242526272829"
			    "30313233343536373839"
			    "40414243444546474849"
			    "50515253545556575859"
			    "60616263646566676869"
			    "70717273747576777879"
			    "80818283848586878889"
			    "90919293949596979899";

static void put_u64(nc_buf *b, uint64_t v, int is_negative)
{
	char text[21];
	size_t at = sizeof(text);
	for (; v >= 100; v /= 100) {
		at -= 2;
		memcpy(text + at, pairs + 2 * (v % 100), 2);
	}
	if (v >= 10) {
		at -= 2;
		memcpy(text + at, pairs + 2 * v, 2);
	} else {
		text[--at] = (char)('0' + v);
	}
	if (is_negative)
		text[--at] = '-';
	put(b, text + at, sizeof(text) - at);
}

void nc_jw_i64(nc_jw *w, int64_t v)
{
	begin_value(w);
	put_u64(w->buf, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

void nc_jw_u64(nc_jw *w, uint64_t v)
{
	begin_value(w);
	put_u64(w->buf, v, 0);
}

void nc_jw_f64(nc_jw *w, double v)
{
	if (!isfinite(v)) {
		nc_jw_null(w);
		return;
	}
	begin_value(w);
	const double exact = 9007199254740992; /* 2^53: every integer up to here is one double */
	if (v > -exact && v < exact && v == (double)(int64_t)v && !(v == 0 && signbit(v))) {
		put_u64(w->buf, v < 0 ? (uint64_t)-v : (uint64_t)v, v < 0);
		return;
	}
	char text[32];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	put(w->buf, text, strlen(text));
	if (v == 0)
		put(w->buf, ".0", 2); /* "-0" would read back as the integer 0 */
}

void nc_jw_bool(nc_jw *w, int v)
{
	begin_value(w);
	if (v)
		put(w->buf, "true", 4);
	else
		put(w->buf, "false", 5);
}

void nc_jw_null(nc_jw *w)
{
	begin_value(w);
	put(w->buf, "null", 4);
}

void nc_jw_time(nc_jw *w, int64_t unix_ms)
{
	char text[27];
	begin_value(w);
	text[0] = '"';
	nc_time_format(unix_ms, text + 1);
	text[25] = '"';
	put(w->buf, text, 26);
}

void nc_jw_raw(nc_jw *w, const char *json, size_t n)
{
	nc_assert(n > 0);
	begin_value(w);
	put(w->buf, json, n);
}

void nc_jw_kstr(nc_jw *w, const char *key, const char *s)
{
	nc_jw_key(w, key);
	nc_jw_str(w, s);
}

void nc_jw_ki64(nc_jw *w, const char *key, int64_t v)
{
	nc_jw_key(w, key);
	nc_jw_i64(w, v);
}

void nc_jw_ku64(nc_jw *w, const char *key, uint64_t v)
{
	nc_jw_key(w, key);
	nc_jw_u64(w, v);
}

void nc_jw_kf64(nc_jw *w, const char *key, double v)
{
	nc_jw_key(w, key);
	nc_jw_f64(w, v);
}

void nc_jw_kbool(nc_jw *w, const char *key, int v)
{
	nc_jw_key(w, key);
	nc_jw_bool(w, v);
}

void nc_jw_ktime(nc_jw *w, const char *key, int64_t unix_ms)
{
	nc_jw_key(w, key);
	nc_jw_time(w, unix_ms);
}

void nc_jw_kraw(nc_jw *w, const char *key, const char *json, size_t n)
{
	nc_jw_key(w, key);
	nc_jw_raw(w, json, n);
}

void nc_jw_kobj(nc_jw *w, const char *key)
{
	nc_jw_key(w, key);
	nc_jw_obj(w);
}

void nc_jw_karr(nc_jw *w, const char *key)
{
	nc_jw_key(w, key);
	nc_jw_arr(w);
}
