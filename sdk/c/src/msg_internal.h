/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_SDK_MSG_INTERNAL_H
#define NC_SDK_MSG_INTERNAL_H

#include "novacron-sdk/msg.h"

#define NC_MSG_DEPTH_MAX 32 /* of members that are only passed over */

/* A list as it lies in a struct: pointer, then count. schema2c asserts that they are neighbours. */
typedef struct nc_msg_list {
	const void *items;
	size_t n;
} nc_msg_list;

/* A place in the document, kept on the stack so that errors can name the path. */
typedef struct nc_msg_path {
	const struct nc_msg_path *up;
	const char *key; /* NULL: element `index` of a list */
	size_t index;
} nc_msg_path;

/* The text being read. `p` never passes `end`. */
typedef struct nc_msg_reader {
	const char *p, *end, *start;
	nc_msg_mem *mem;
	nc_error *err;
} nc_msg_reader;

size_t nc_msg_size_of(const nc_msg_field *f); /* of one value in a list */

static inline nc_msg_list *nc_msg_list_at(void *value)
{
	return value;
}

/* Tokens (token.c). Each skips white space first. */
void nc_msg_skip_space(nc_msg_reader *r);
bool nc_msg_take(nc_msg_reader *r, char c); /* c is next: step over it */
nc_code nc_msg_expect(nc_msg_reader *r, char c, const nc_msg_path *at);
/* Unescaped into the reader's memory, NUL-ended; `ret_chars` may be NULL. */
nc_code nc_msg_take_string(
	nc_msg_reader *r, const nc_msg_path *at, const char **ret, size_t *ret_chars);
nc_code nc_msg_take_int(nc_msg_reader *r, const nc_msg_path *at, int64_t *ret);
nc_code nc_msg_take_num(nc_msg_reader *r, const nc_msg_path *at, double *ret);
nc_code nc_msg_take_bool(nc_msg_reader *r, const nc_msg_path *at, bool *ret);
/* Any value, checked and passed over. */
nc_code nc_msg_skip_value(nc_msg_reader *r, const nc_msg_path *at);

/* NC_E_INVAL: "disks[2].size_gib: what". */
nc_code nc_msg_bad(const nc_msg_reader *r, const nc_msg_path *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void nc_msg_path_format(const nc_msg_path *at, char *buf, size_t cap);

#endif
