/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a JSON text, taken one by one from borrowed bytes. A parser of our own rather than
 * a library's: a plugin in the kernel's process would share the library's allocator and hash seed
 * with it, and a tree is not wanted anyway. Iterative: no input can make it recurse. Any thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "msg_internal.h"

void nc_msg_path_format(const nc_msg_path *at, char *buf, size_t cap)
{
	const nc_msg_path *chain[NC_MSG_DEPTH_MAX];
	size_t n = 0, len = 0;

	buf[0] = '\0';
	for (; at && n < NC_MSG_DEPTH_MAX; at = at->up)
		chain[n++] = at;
	while (n-- > 0 && len < cap) {
		const nc_msg_path *c = chain[n];
		int w = c->key ? snprintf(buf + len, cap - len, "%s%s", len ? "." : "", c->key)
			       : snprintf(buf + len, cap - len, "[%zu]", c->index);
		if (w < 0)
			return;
		len += (size_t)w;
	}
}

nc_code nc_msg_bad(const nc_msg_reader *r, const nc_msg_path *at, const char *fmt, ...)
{
	char path[128], what[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	nc_msg_path_format(at, path, sizeof(path));
	return nc_plug_fail_in("request", r->err, NC_E_INVAL, NC_ERR_USER_FAULT,
		"Send what the verb's schema asks for.", "%s%s%s (byte %zu)", path,
		path[0] ? ": " : "", what, (size_t)(r->p - r->start));
}

void nc_msg_skip_space(nc_msg_reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

bool nc_msg_take(nc_msg_reader *r, char c)
{
	nc_msg_skip_space(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

nc_code nc_msg_expect(nc_msg_reader *r, char c, const nc_msg_path *at)
{
	if (nc_msg_take(r, c))
		return NC_OK;
	if (r->p == r->end)
		return nc_msg_bad(r, at, "the text ends where '%c' was expected", c);
	return nc_msg_bad(r, at, "expected '%c'", c);
}

static int hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xC0 | c >> 6);
		to[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xE0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 63));
		to[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (char)(0xF0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 63));
	to[2] = (char)(0x80 | (c >> 6 & 63));
	to[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* After "\u": one code point, of a surrogate pair too. 0 when it is none we take (NUL included). */
static uint32_t take_escape_u(nc_msg_reader *r)
{
	int hi, lo;

	if (r->end - r->p < 4 || (hi = hex4(r->p)) < 0)
		return 0;
	r->p += 4;
	if (hi < 0xD800 || hi > 0xDFFF)
		return (uint32_t)hi;
	if (hi > 0xDBFF || r->end - r->p < 6 || r->p[0] != '\\' || r->p[1] != 'u')
		return 0;
	lo = hex4(r->p + 2);
	if (lo < 0xDC00 || lo > 0xDFFF)
		return 0;
	r->p += 6;
	return 0x10000u + ((uint32_t)(hi - 0xD800) << 10) + (uint32_t)(lo - 0xDC00);
}

/* After "\": how many bytes it came to; 0 when it is no escape. */
static size_t take_escape(nc_msg_reader *r, char *to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *hit;
	uint32_t c;

	if (r->p == r->end)
		return 0;
	if (*r->p == 'u') {
		r->p++;
		c = take_escape_u(r);
		return c ? put_utf8(to, c) : 0;
	}
	hit = memchr(from, *r->p, sizeof(from) - 1);
	if (!hit)
		return 0;
	to[0] = into[hit - from];
	r->p++;
	return 1;
}

/* The multi-byte character at r->p, copied; its length, 0 when it is not UTF-8. */
static size_t take_utf8(nc_msg_reader *r, char *to)
{
	const unsigned char *p = (const unsigned char *)r->p;
	size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
	uint32_t c;

	if (p[0] < 0xC2 || p[0] > 0xF4 || (size_t)(r->end - r->p) < len)
		return 0;
	c = p[0] & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 63u);
	}
	if ((len == 3 && c < 0x800) || (len == 4 && (c < 0x10000 || c > 0x10FFFF)) ||
		(c >= 0xD800 && c <= 0xDFFF))
		return 0;
	memcpy(to, p, len);
	r->p += len;
	return len;
}

/* How many bytes lie before the quote that ends the string at p, escapes passed over. */
static size_t raw_length(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q != '"')
		q += *q == '\\' && end - q > 1 ? 2 : 1;
	return (size_t)(q - p);
}

nc_code nc_msg_take_string(
	nc_msg_reader *r, const nc_msg_path *at, const char **ret, size_t *ret_chars)
{
	size_t n = 0, chars = 0;
	char *to;

	if (!nc_msg_take(r, '"'))
		return nc_msg_bad(r, at, "expected a string");
	to = nc_msg_alloc(r->mem, raw_length(r->p, r->end) + 1); /* unescaped is never longer */
	if (!to)
		return nc_plug_nomem_in("request", r->err);
	while (r->p < r->end && *r->p != '"') {
		unsigned char c = (unsigned char)*r->p;
		size_t len = 1;

		if (c < 0x20)
			return nc_msg_bad(r, at, "a control character in a string");
		if (c == '\\') {
			r->p++;
			len = take_escape(r, to + n);
			if (!len)
				return nc_msg_bad(r, at, "an escape that is none, or NUL");
		} else if (c >= 0x80) {
			len = take_utf8(r, to + n);
			if (!len)
				return nc_msg_bad(r, at, "bytes that are not UTF-8");
		} else {
			to[n] = *r->p++;
		}
		n += len;
		chars++;
	}
	if (r->p == r->end)
		return nc_msg_bad(r, at, "the text ends within a string");
	r->p++;
	to[n] = '\0';
	*ret = to;
	if (ret_chars)
		*ret_chars = chars;
	return NC_OK;
}

static bool is_digit(const nc_msg_reader *r)
{
	return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

nc_code nc_msg_take_int(nc_msg_reader *r, const nc_msg_path *at, int64_t *ret)
{
	bool negative, leading_zero;
	int64_t v = 0;

	nc_msg_skip_space(r);
	negative = r->p < r->end && *r->p == '-';
	if (negative)
		r->p++;
	if (!is_digit(r))
		return nc_msg_bad(r, at, "expected an integer");
	leading_zero = *r->p == '0';
	for (int digits = 0; is_digit(r); digits++) {
		int d = *r->p++ - '0';

		if (digits == 1 && leading_zero)
			return nc_msg_bad(r, at, "a number with a leading zero");
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, negative ? -d : d, &v))
			return nc_msg_bad(r, at, "an integer of more than 64 bits");
	}
	if (r->p < r->end && (*r->p == '.' || *r->p == 'e' || *r->p == 'E'))
		return nc_msg_bad(r, at, "expected an integer, found a fraction");
	*ret = v;
	return NC_OK;
}

/* strtod would obey the process's locale. 19 digits in a long double round as they should. */
nc_code nc_msg_take_num(nc_msg_reader *r, const nc_msg_path *at, double *ret)
{
	const char *start;
	long double v = 0, scale = 1;
	bool negative;
	int exponent = 0, sign = 1;

	nc_msg_skip_space(r);
	negative = r->p < r->end && *r->p == '-';
	if (negative)
		r->p++;
	if (!is_digit(r))
		return nc_msg_bad(r, at, "expected a number");
	start = r->p;
	while (is_digit(r))
		v = v * 10 + (*r->p++ - '0');
	if (*start == '0' && r->p - start > 1)
		return nc_msg_bad(r, at, "a number with a leading zero");
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		if (!is_digit(r))
			return nc_msg_bad(r, at, "a number that ends in a point");
		for (; is_digit(r); scale *= 10)
			v = v * 10 + (*r->p++ - '0');
	}
	if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
		r->p++;
		if (r->p < r->end && (*r->p == '-' || *r->p == '+'))
			sign = *r->p++ == '-' ? -1 : 1;
		if (!is_digit(r))
			return nc_msg_bad(r, at, "a number without its exponent");
		while (is_digit(r)) {
			exponent = exponent * 10 + (*r->p++ - '0');
			if (exponent > 400)
				return nc_msg_bad(r, at, "a number too large or too small");
		}
	}
	v /= scale;
	for (int i = 0; i < exponent; i++)
		v = sign > 0 ? v * 10 : v / 10;
	if (!((double)v <= 1.7976931348623157e308))
		return nc_msg_bad(r, at, "a number too large or too small");
	*ret = negative ? -(double)v : (double)v;
	return NC_OK;
}

static bool take_word(nc_msg_reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return false;
	r->p += n;
	return true;
}

nc_code nc_msg_take_bool(nc_msg_reader *r, const nc_msg_path *at, bool *ret)
{
	nc_msg_skip_space(r);
	if (take_word(r, "true"))
		*ret = true;
	else if (take_word(r, "false"))
		*ret = false;
	else
		return nc_msg_bad(r, at, "expected true or false");
	return NC_OK;
}

static nc_code skip_scalar(nc_msg_reader *r, const nc_msg_path *at)
{
	const char *str;
	double num;
	bool flag;

	if (r->p == r->end)
		return nc_msg_bad(r, at, "the text ends where a value was expected");
	switch (*r->p) {
	case '"':
		return nc_msg_take_string(r, at, &str, NULL);
	case 't':
	case 'f':
		return nc_msg_take_bool(r, at, &flag);
	case 'n':
		return take_word(r, "null") ? NC_OK : nc_msg_bad(r, at, "expected a value");
	default:
		return nc_msg_take_num(r, at, &num);
	}
}

nc_code nc_msg_skip_value(nc_msg_reader *r, const nc_msg_path *at)
{
	char open[NC_MSG_DEPTH_MAX]; /* '{' or '[' per level that is open */
	unsigned depth = 0;
	const char *key;
	nc_code rc;

	do {
		bool is_empty = false;

		if (depth && open[depth - 1] == '{') {
			rc = nc_msg_take_string(r, at, &key, NULL);
			if (rc == NC_OK)
				rc = nc_msg_expect(r, ':', at);
			if (rc != NC_OK)
				return rc;
		}
		nc_msg_skip_space(r);
		if (r->p < r->end && (*r->p == '{' || *r->p == '[')) {
			if (depth == NC_MSG_DEPTH_MAX)
				return nc_msg_bad(r, at, "nested too deeply");
			open[depth++] = *r->p++;
			nc_msg_skip_space(r);
			is_empty = r->p < r->end && *r->p == (open[depth - 1] == '{' ? '}' : ']');
			if (!is_empty)
				continue;
		} else {
			rc = skip_scalar(r, at);
			if (rc != NC_OK)
				return rc;
		}
		while (depth && nc_msg_take(r, open[depth - 1] == '{' ? '}' : ']'))
			depth--;
		if (depth) {
			rc = nc_msg_expect(r, ',', at);
			if (rc != NC_OK)
				return rc;
		}
	} while (depth);
	return NC_OK;
}
