/* SPDX-License-Identifier: Apache-2.0 */
#include "http/ws_frame.h"

#include "base/cleanup.h"

/* The head byte by byte, the payload as it comes. Pure functions over the parser's state. */

enum { FINAL = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f, MASK = 4 };

static int is_control(uint8_t opcode)
{
	return opcode >= NC_WS_OP_CLOSE;
}

/* Bytes that tell the length, behind the first two. */
static size_t length_bytes(const nc_ws_parser *p)
{
	uint8_t n = p->head[1] & LENGTH;
	return n == 127 ? 8 : n == 126 ? 2 : 0;
}

/* The first two bytes say all but the length. */
static int is_begin_good(nc_ws_parser *p)
{
	p->opcode = p->head[0] & OPCODE;
	p->is_final = (p->head[0] & FINAL) != 0;
	if (p->head[0] & RESERVED || !(p->head[1] & MASKED))
		return 0;
	if (is_control(p->opcode))
		return p->opcode <= NC_WS_OP_PONG && p->is_final && length_bytes(p) == 0;
	if (p->opcode > NC_WS_OP_BINARY)
		return 0;
	return (p->opcode == NC_WS_OP_MORE) == p->is_amid_message;
}

/* The shortest form is the only one, and the first of eight bytes has its highest bit clear. */
static int read_length(nc_ws_parser *p)
{
	size_t n = length_bytes(p);
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p->head[2 + i];
	p->left = n ? v : p->head[1] & LENGTH;
	return n == 0 || (n == 2 && v > 125) || (n == 8 && v > 65535 && v >> 63 == 0);
}

/* One byte of the head. 1 = that was all of it, 0 = more, -1 = it is wrong. */
static int take_head(nc_ws_parser *p, uint8_t byte)
{
	p->head[p->head_len++] = byte;
	if (p->head_len < 2)
		return 0;
	if (p->head_len == 2 && !is_begin_good(p))
		return -1;
	size_t with_length = 2 + length_bytes(p);
	if (p->head_len == with_length && !read_length(p))
		return -1;
	return p->head_len == with_length + MASK;
}

static void end_frame(nc_ws_parser *p)
{
	p->head_len = p->mask_at = 0;
	p->is_in_payload = 0;
	if (!is_control(p->opcode))
		p->is_amid_message = !p->is_final;
}

static void unmask(nc_ws_parser *p, uint8_t *in, size_t n)
{
	const uint8_t *mask = p->head + p->head_len - MASK;
	for (size_t i = 0; i < n; i++)
		in[i] ^= mask[(p->mask_at + i) % MASK];
	p->mask_at = (uint8_t)((p->mask_at + n) % MASK);
}

nc_ws_verdict nc_ws_next(
	nc_ws_parser *p, uint8_t *in, size_t n, size_t *ret_used, nc_bytes *ret_data)
{
	size_t used = 0;
	*ret_data = (nc_bytes){ NULL, 0 };
	while (!p->is_in_payload && used < n) {
		int is_whole = take_head(p, in[used++]);
		if (is_whole < 0) {
			*ret_used = used;
			return NC_WS_BAD;
		}
		p->is_in_payload = (uint8_t)is_whole;
	}
	*ret_used = used;
	if (!p->is_in_payload)
		return NC_WS_MORE;
	if (p->left == 0) {
		end_frame(p);
		return NC_WS_END;
	}
	size_t piece = (size_t)NC_MIN(p->left, (uint64_t)(n - used));
	if (piece == 0)
		return NC_WS_MORE;
	unmask(p, in + used, piece);
	*ret_data = (nc_bytes){ in + used, piece };
	*ret_used = used + piece;
	p->left -= piece;
	return NC_WS_DATA;
}

size_t nc_ws_head(uint8_t opcode, uint64_t n, uint8_t out[NC_WS_HEAD_MAX])
{
	size_t bytes = n > 65535 ? 8 : n > 125 ? 2 : 0;
	out[0] = (uint8_t)(FINAL | opcode);
	out[1] = (uint8_t)(bytes == 8 ? 127 : bytes == 2 ? 126 : n);
	for (size_t i = 0; i < bytes; i++)
		out[2 + i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
	return 2 + bytes;
}
