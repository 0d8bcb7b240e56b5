/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_VALUE_H
#define NC_STORE_VALUE_H

#include "base/buf.h"
#include "store/item.h"

/*
 * How things lie in the plugin's spaces. A change here is a new NC_STORE_FORMAT.
 *
 *   1 objects   kind u16be | id          → value
 *   2 events    seq u64be | n u32be      → entry      (a lane's space is its number + 1)
 *   3 audit     the same
 *   4 meta      name                     → see meta.h
 *   5 names     kind u16be | id          → the item's unique keys: what a damaged value was called
 *   6 cold      as 1, of cold items, so that a start doesn't read them
 *
 * value = version u8 | flags u8 | shape u16 | rev u64 | n varint | n × (index u16 | lstr) | body
 */
#define NC_STORE_FORMAT 1u

enum { NC_SPACE_OBJECTS = 1, NC_SPACE_META = 4, NC_SPACE_NAMES = 5, NC_SPACE_COLD = 6 };
static inline uint32_t nc_lane_space(uint32_t lane)
{
	return lane + 1;
}

#define NC_OBJECT_KEY_MAX (2 + NC_DB_ID_MAX)
#define NC_LANE_KEY_LEN   12
nc_bytes nc_object_key(uint16_t kind, nc_bytes id, char out[NC_OBJECT_KEY_MAX]);
int nc_object_key_parse(nc_bytes key, uint16_t *ret_kind, nc_bytes *ret_id); /* 0 or -1 */
nc_bytes nc_lane_key(uint64_t seq, uint32_t n, char out[NC_LANE_KEY_LEN]);
int nc_lane_key_parse(nc_bytes key, uint64_t *ret_seq, uint32_t *ret_n);

void nc_value_put(nc_buf *b, const nc_item *it);
size_t nc_item_value_len(const nc_item *it); /* exactly what put writes */
/* The same of an item not made yet; more than exactly, if keys are equal. */
size_t nc_value_len(const nc_key *keys, uint32_t n_keys, size_t body_len);
/* The caller owns *ret. NC_E_PROTO: not a value; NC_E_UNSUPPORTED: of a newer version. */
nc_code nc_value_parse(uint16_t kind, nc_bytes id, nc_bytes value, nc_item **ret, nc_error *err);
uint16_t nc_value_shape(nc_bytes value); /* 0 = too short to say */
/* The same as parse without making anything: whether parse would take it. */
nc_code nc_value_check(nc_bytes value, nc_error *err);

/* The unique keys of an item, as the names space holds them: the form of a value without body. */
typedef int (*nc_is_unique_fn)(const void *ctx, uint16_t kind, uint16_t index);
uint32_t nc_names_put(nc_buf *b, const nc_item *it, nc_is_unique_fn is_unique, const void *ctx);

#endif
