/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_chunk.h"

#include "base/cleanup.h"
#include "http/chars.h"

/*
 * A byte-wise state machine for the lines between the data, and whole pieces for the data. Strict:
 * sizes are hex digits alone, lines end in CR LF, extensions keep the grammar of RFC 9112 7.1.1
 * without the "bad" white space.
 */

enum {
	SIZE,        /* digits of the size */
	EXT_NAME,    /* first byte of an extension's name, after ';' */
	EXT_NAME_ON, /* the rest of it */
	EXT_VALUE,   /* first byte of its value, after '=' */
	EXT_VALUE_ON,
	EXT_QUOTED,
	EXT_ESCAPE, /* after '\' in quotes */
	EXT_END,    /* after the closing quote */
	SIZE_LF,    /* after the CR of the size line */
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER, /* first byte of a trailer line, or of the end */
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	DONE,
	REFUSED
};

enum { DIGITS_MAX = 15, OVERHEAD_MAX = 16384 };

void nc_h1_chunk_init(nc_h1_chunk *c)
{
	*c = (nc_h1_chunk){ .state = SIZE };
}

static int on_size(nc_h1_chunk *c, char ch)
{
	int digit = nc_http_hex_digit(ch);
	if (digit >= 0) {
		c->left = c->left << 4 | (uint64_t)digit;
		return ++c->digits <= DIGITS_MAX ? SIZE : REFUSED;
	}
	if (c->digits == 0)
		return REFUSED;
	return ch == '\r' ? SIZE_LF : ch == ';' ? EXT_NAME : REFUSED;
}

/* After a whole name, value or quoted string. */
static int ext_next(char ch, int may_have_value)
{
	if (ch == '\r')
		return SIZE_LF;
	if (ch == ';')
		return EXT_NAME;
	return ch == '=' && may_have_value ? EXT_VALUE : REFUSED;
}

static int on_extension(int state, char ch)
{
	switch (state) {
	case EXT_NAME:
		return nc_http_is(ch, NC_CH_TOKEN) ? EXT_NAME_ON : REFUSED;
	case EXT_NAME_ON:
		return nc_http_is(ch, NC_CH_TOKEN) ? EXT_NAME_ON : ext_next(ch, 1);
	case EXT_VALUE:
		if (ch == '"')
			return EXT_QUOTED;
		return nc_http_is(ch, NC_CH_TOKEN) ? EXT_VALUE_ON : REFUSED;
	case EXT_VALUE_ON:
		return nc_http_is(ch, NC_CH_TOKEN) ? EXT_VALUE_ON : ext_next(ch, 0);
	case EXT_QUOTED:
		if (ch == '"')
			return EXT_END;
		if (ch == '\\')
			return EXT_ESCAPE;
		return nc_http_is(ch, NC_CH_VALUE) ? EXT_QUOTED : REFUSED;
	case EXT_ESCAPE:
		return nc_http_is(ch, NC_CH_VALUE) ? EXT_QUOTED : REFUSED;
	default:
		return ext_next(ch, 0);
	}
}

static int on_trailer(int state, char ch)
{
	switch (state) {
	case TRAILER:
		if (ch == '\r')
			return END_LF;
		return nc_http_is(ch, NC_CH_TOKEN) ? TRAILER_NAME : REFUSED;
	case TRAILER_NAME:
		if (ch == ':')
			return TRAILER_VALUE;
		return nc_http_is(ch, NC_CH_TOKEN) ? TRAILER_NAME : REFUSED;
	case TRAILER_VALUE:
		if (ch == '\r')
			return TRAILER_LF;
		return nc_http_is(ch, NC_CH_VALUE) ? TRAILER_VALUE : REFUSED;
	case TRAILER_LF:
		return ch == '\n' ? TRAILER : REFUSED;
	default:
		return ch == '\n' ? DONE : REFUSED;
	}
}

static int on_byte(nc_h1_chunk *c, char ch)
{
	int is_extension = c->state >= EXT_NAME && c->state <= EXT_END;
	int is_trailer = c->state >= TRAILER && c->state <= END_LF;
	if ((is_extension || is_trailer) && ++c->overhead > OVERHEAD_MAX)
		return REFUSED;
	if (is_extension)
		return on_extension(c->state, ch);
	if (is_trailer)
		return on_trailer(c->state, ch);
	switch (c->state) {
	case SIZE:
		return on_size(c, ch);
	case SIZE_LF:
		if (ch != '\n')
			return REFUSED;
		return c->left > 0 ? DATA : TRAILER;
	case DATA_CR:
		return ch == '\r' ? DATA_LF : REFUSED;
	case DATA_LF:
		c->left = 0;
		c->digits = 0;
		return ch == '\n' ? SIZE : REFUSED;
	default:
		return c->state;
	}
}

static nc_h1_chunk_verdict refuse(nc_h1_chunk *c, int in_trailer)
{
	c->state = REFUSED;
	c->fault = in_trailer ? NC_FAULT_TRAILER : NC_FAULT_CHUNK;
	return NC_H1_CHUNK_BAD;
}

nc_h1_chunk_verdict nc_h1_chunk_next(
	nc_h1_chunk *c, const char *in, size_t n, size_t *ret_used, nc_bytes *ret_data)
{
	size_t i = 0;
	while (i < n && c->state < DONE) {
		if (c->state == DATA) {
			size_t piece = (size_t)NC_MIN((uint64_t)(n - i), c->left);
			c->left -= piece;
			if (c->left == 0)
				c->state = DATA_CR;
			*ret_data = (nc_bytes){ in + i, piece };
			*ret_used = i + piece;
			return NC_H1_CHUNK_DATA;
		}
		int next = on_byte(c, in[i++]);
		if (next == REFUSED)
			return refuse(c, c->state >= TRAILER && c->state <= END_LF);
		c->state = (uint8_t)next;
	}
	*ret_used = i;
	if (c->state == REFUSED)
		return NC_H1_CHUNK_BAD;
	return c->state == DONE ? NC_H1_CHUNK_DONE : NC_H1_CHUNK_MORE;
}
