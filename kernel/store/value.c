/* SPDX-License-Identifier: Apache-2.0 */
#include "store/value.h"

#include <string.h>

#include "base/err.h"

/*
 * Items as bytes and back, and the keys they lie under. The header keys stand before the body, so
 * a start fills its indexes without looking into one. Reading is strict: one byte form per item,
 * keys sorted and unlike, flags known. No state.
 */

enum { VALUE_VERSION = 1, VALUE_FLAGS = NC_ITEM_COLD };

static void put_be(char *out, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = (char)(uint8_t)(v >> (8 * (n - 1 - i)));
}

static uint64_t get_be(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

nc_bytes nc_object_key(uint16_t kind, nc_bytes id, char out[NC_OBJECT_KEY_MAX])
{
	nc_assert(id.len <= NC_DB_ID_MAX);
	put_be(out, kind, 2);
	if (id.len)
		memcpy(out + 2, id.ptr, id.len);
	return (nc_bytes){ out, 2 + id.len };
}

int nc_object_key_parse(nc_bytes key, uint16_t *ret_kind, nc_bytes *ret_id)
{
	if (key.len < 3 || key.len > NC_OBJECT_KEY_MAX)
		return -1;
	*ret_kind = (uint16_t)get_be(key.ptr, 2);
	*ret_id = (nc_bytes){ (const char *)key.ptr + 2, key.len - 2 };
	return 0;
}

nc_bytes nc_lane_key(uint64_t seq, uint32_t n, char out[NC_LANE_KEY_LEN])
{
	put_be(out, seq, 8);
	put_be(out + 8, n, 4);
	return (nc_bytes){ out, NC_LANE_KEY_LEN };
}

int nc_lane_key_parse(nc_bytes key, uint64_t *ret_seq, uint32_t *ret_n)
{
	if (key.len != NC_LANE_KEY_LEN)
		return -1;
	*ret_seq = get_be(key.ptr, 8);
	*ret_n = (uint32_t)get_be((const uint8_t *)key.ptr + 8, 4);
	return 0;
}

static void put_head(nc_buf *b, const nc_item *it, uint32_t n_keys)
{
	const uint8_t lead[2] = { VALUE_VERSION, (uint8_t)(it->flags & VALUE_FLAGS) };
	nc_buf_put(b, lead, sizeof(lead));
	nc_buf_put_u16(b, it->shape);
	nc_buf_put_u64(b, it->rev);
	nc_buf_put_varint(b, n_keys);
}

static void put_key(nc_buf *b, const nc_ikey *k)
{
	nc_buf_put_u16(b, k->index);
	nc_buf_put_lstr(b, k->ptr, k->len);
}

enum { HEAD_LEN = 12, INDEX_LEN = 2 };

static size_t varint_len(uint64_t v)
{
	size_t n = 1;
	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

static size_t key_len(size_t len)
{
	return INDEX_LEN + varint_len(len) + len;
}

size_t nc_value_len(const nc_key *keys, uint32_t n_keys, size_t body_len)
{
	size_t len = HEAD_LEN + varint_len(n_keys) + body_len;
	for (uint32_t i = 0; i < n_keys; i++)
		len += key_len(keys[i].len);
	return len;
}

size_t nc_item_value_len(const nc_item *it)
{
	size_t len = HEAD_LEN + varint_len(it->n_keys) + it->body_len;
	const nc_ikey *k = nc_item_idkey(it);
	for (uint16_t i = 0; i < it->n_keys; i++) {
		k = nc_ikey_next(k);
		len += key_len(k->len);
	}
	return len;
}

void nc_value_put(nc_buf *b, const nc_item *it)
{
	put_head(b, it, it->n_keys);
	const nc_ikey *k = nc_item_idkey(it);
	for (uint16_t i = 0; i < it->n_keys; i++) {
		k = nc_ikey_next(k);
		put_key(b, k);
	}
	nc_bytes body = nc_item_body(it);
	nc_buf_put(b, body.ptr, body.len);
}

uint32_t nc_names_put(nc_buf *b, const nc_item *it, nc_is_unique_fn is_unique, const void *ctx)
{
	uint32_t n = 0;
	const nc_ikey *k = nc_item_idkey(it);
	for (uint16_t i = 0; i < it->n_keys; i++) {
		k = nc_ikey_next(k);
		n += is_unique(ctx, it->kind, k->index) ? 1 : 0;
	}
	if (n == 0)
		return 0;
	put_head(b, it, n);
	k = nc_item_idkey(it);
	for (uint16_t i = 0; i < it->n_keys; i++) {
		k = nc_ikey_next(k);
		if (is_unique(ctx, it->kind, k->index))
			put_key(b, k);
	}
	return n;
}

typedef struct parts {
	uint8_t flags;
	uint16_t shape;
	uint64_t rev;
	uint32_t n_keys;
	nc_key keys[NC_DB_ITEM_KEYS_MAX];
	nc_bytes body;
} parts;

static int is_after(const nc_key *a, const nc_key *b)
{
	if (a->index != b->index)
		return b->index > a->index;
	return nc_bytes_cmp((nc_bytes){ b->ptr, b->len }, (nc_bytes){ a->ptr, a->len }) > 0;
}

static int take_keys(nc_cur *c, parts *v)
{
	uint64_t n = nc_cur_varint(c);
	if (n > NC_DB_ITEM_KEYS_MAX)
		return -1;
	for (v->n_keys = 0; v->n_keys < n; v->n_keys++) {
		uint16_t index = nc_cur_u16(c);
		nc_bytes key = nc_cur_lstr(c);
		if (c->bad || key.len > NC_DB_KEY_MAX || index >= NC_DB_INDEXES_MAX)
			return -1;
		nc_key *k = &v->keys[v->n_keys];
		*k = (nc_key){ index, (uint16_t)key.len, key.ptr };
		if (v->n_keys > 0 && !is_after(k - 1, k))
			return -1;
	}
	return 0;
}

static nc_code take(nc_bytes value, parts *v, nc_error *err)
{
	nc_cur c = nc_cur_of(value);
	uint8_t version = nc_cur_u8(&c);
	if (version > VALUE_VERSION)
		return nc_err(err, NC_E_UNSUPPORTED,
			"value of version %u, this build reads up to %d", version, VALUE_VERSION);
	v->flags = nc_cur_u8(&c);
	v->shape = nc_cur_u16(&c);
	v->rev = nc_cur_u64(&c);
	if (c.bad || version == 0 || (v->flags & ~VALUE_FLAGS) || take_keys(&c, v) != 0 || c.bad)
		return nc_err(err, NC_E_PROTO, "value is not in its form");
	v->body = nc_cur_bytes(&c, (size_t)(c.end - c.p));
	return NC_OK;
}

nc_code nc_value_parse(uint16_t kind, nc_bytes id, nc_bytes value, nc_item **ret, nc_error *err)
{
	parts v;
	nc_code code = take(value, &v, err);
	if (code != NC_OK)
		return code;
	if (id.len == 0 || id.len > NC_DB_ID_MAX || v.body.len > NC_STORE_VAL_MAX)
		return nc_err(err, NC_E_PROTO, "value is past a limit");
	nc_item *it = nc_item_new(kind, v.shape, id, v.keys, v.n_keys, v.body);
	if (!it)
		return nc_err_nomem(err);
	it->rev = v.rev;
	it->flags = v.flags;
	*ret = it;
	return NC_OK;
}

uint16_t nc_value_shape(nc_bytes value)
{
	nc_cur c = nc_cur_of(value);
	nc_cur_u16(&c); /* version, flags */
	return nc_cur_u16(&c);
}

nc_code nc_value_check(nc_bytes value, nc_error *err)
{
	parts v;
	return take(value, &v, err);
}
