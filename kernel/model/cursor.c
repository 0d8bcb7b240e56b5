/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cursor.h"

#include <string.h>

#include "base/hash.h"

/*
 * Cursors: hex of version, kind, sort, order, key and id of the last entry shown. They come back
 * from clients and are checked as anything else is. Pure functions.
 */

enum { VERSION = 1, RAW_MAX = 16 + NC_DB_KEY_MAX + NC_DB_ID_MAX };

const char *nc_query_cursor_format(const nc_query *q, nc_bytes key, nc_bytes id)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, RAW_MAX);
	nc_buf_putc(&b, VERSION);
	nc_buf_put_u16(&b, q->kind->number);
	nc_buf_put_u16(&b, q->sort);
	nc_buf_putc(&b, (char)q->order);
	nc_buf_put_lstr(&b, key.ptr, key.len);
	nc_buf_put_lstr(&b, id.ptr, id.len);
	if (nc_buf_failed(&b))
		return NULL;
	char *text = nc_arena_alloc(q->arena, b.len * 2 + 1);
	if (text)
		nc_hex(b.ptr, b.len, text);
	return text;
}

int nc_query_cursor_parse(nc_query *q, const char *text)
{
	size_t n = strlen(text);
	if (n % 2 || n / 2 > RAW_MAX)
		return 0;
	uint8_t *raw = nc_arena_alloc(q->arena, RAW_MAX);
	if (!raw || nc_unhex(text, n, raw))
		return 0;
	nc_cur c = nc_cur_of((nc_bytes){ raw, n / 2 });
	int is_ours = nc_cur_u8(&c) == VERSION;
	is_ours &= nc_cur_u16(&c) == q->kind->number;
	is_ours &= nc_cur_u16(&c) == q->sort;
	is_ours &= nc_cur_u8(&c) == (uint8_t)q->order;
	nc_bytes key = nc_cur_lstr(&c), id = nc_cur_lstr(&c);
	if (!is_ours || c.bad || c.p != c.end || key.len > NC_DB_KEY_MAX || !id.len ||
		id.len > NC_DB_ID_MAX)
		return 0;
	q->after_key = key;
	q->after_id = id;
	q->has_cursor = 1;
	return 1;
}
