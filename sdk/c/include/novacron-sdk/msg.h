/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_SDK_MSG_H
#define NOVACRON_SDK_MSG_H

/*
 * Typed messages: JSON text to a C struct and back, driven by tables that schema2c makes from JSON
 * Schemas, so that no author reads JSON by hand and what a schema says is what is checked: types,
 * ranges, lengths, enums, required and unknown members, duplicates, UTF-8.
 *
 * In the structs a string is NULL when absent, an enum 0, an optional list NULL; other optional
 * members stand beside a `has_x`. Nothing here is global; any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "novacron-sdk/plug.h"
#include "novacron/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NC_MSG_STR = 1, /* const char * */
	NC_MSG_INT,     /* int64_t */
	NC_MSG_NUM,     /* double */
	NC_MSG_BOOL,    /* bool */
	NC_MSG_ENUM,    /* int32_t: place in `names` plus 1 */
	NC_MSG_OBJ,     /* the struct of `obj`, in place */
	NC_MSG_RAW,     /* nc_bytes: the text of an object of any members, checked */
	NC_MSG_LIST,    /* const T *, size_t: of `item` */
	NC_MSG_MAP      /* const T *, size_t: T is `obj`, whose first field is the key */
};
/* RECREATE: "x-reload": "recreate" in a configuration. */
enum { NC_MSG_REQUIRED = 1, NC_MSG_SECRET = 2, NC_MSG_RECREATE = 4 };

typedef struct nc_msg nc_msg;
typedef struct nc_msg_field {
	const char *name;
	uint8_t type;
	uint8_t flags;
	uint16_t offset;
	uint16_t has;     /* offset of has_x; 0 = it has none */
	int64_t min, max; /* of the value; of strings in characters; of lists in items */
	const char *dflt; /* JSON text to read when absent, or NULL */
	const nc_msg *obj;
	const char *const *names; /* NULL-ended */
	const struct nc_msg_field *item;
} nc_msg_field;

struct nc_msg {
	const char *name; /* "compute.create.request" */
	uint32_t size;    /* of the struct */
	uint16_t n_fields;
	uint16_t is_open; /* unknown members are let pass */
	const nc_msg_field *fields;
};

/* What a message that was read points into. Starts { 0 }; freed whole by nc_msg_done. */
typedef struct nc_msg_mem {
	struct nc_msg_chunk *chunks;
} nc_msg_mem;
void nc_msg_done(nc_msg_mem *mem);
/* Zeroed, aligned for anything; NULL when there is no memory. */
void *nc_msg_alloc(nc_msg_mem *mem, size_t n);

/*
 * Read `text` into the struct at `out` (size msg->size). Strings live in `mem`, raw members in
 * `text`. NC_E_INVAL naming the member's path, NC_E_UNSUPPORTED for a member the schema does not
 * have, NC_E_NOMEM; then *out is not to be used.
 */
nc_code nc_msg_read(const nc_msg *msg, nc_bytes text, nc_msg_mem *mem, void *out, nc_error *err);

/* Append `in` to `buf`. NC_E_INTERNAL when the struct does not keep its own schema. */
nc_code nc_msg_write(const nc_msg *msg, const void *in, nc_plug_buf *buf, nc_error *err);

/*
 * The first member with one of `flags` in which two messages differ; NULL: none does. For
 * nc_plugin.reconfigure: a difference with NC_MSG_RECREATE can't be applied. NC_E_NOMEM.
 */
nc_code nc_msg_differs(
	const nc_msg *msg, const void *a, const void *b, uint8_t flags, const char **ret);

/* A deep copy in one block, to be freed with free(); NULL when there is no memory. */
void *nc_msg_pack(const nc_msg *msg, const void *in);

/* The name of an enum's value; "" for 0 and for one that is not there. */
const char *nc_msg_enum_name(const char *const *names, int32_t value);
int32_t nc_msg_enum_value(const char *const *names, const char *name); /* 0: not there */

/* The text of an object of any members, if `text` is one and nothing else: NC_OK or NC_E_INVAL. */
nc_code nc_msg_check_object(nc_bytes text, nc_error *err);

/* By the name of its schema, from the messages of plugin-api/schemas; NULL when there is none. */
const nc_msg *nc_msg_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
