/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_FIELD_H
#define NC_MODEL_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "novacron/abi.h"

/*
 * What a struct's member is to the outside. One table of these per struct drives parsing, merge
 * patch, replacement, rendering, decoding, index keys, projection, filters, JSON Schema and
 * `explain`. Tables are const and shared by all threads.
 */
typedef enum nc_field_type {
	NC_T_STR,    /* const char *: NULL or "" = absent */
	NC_T_NAME,   /* const char * that keeps the name rules */
	NC_T_I64,    /* int64_t */
	NC_T_U64,    /* uint64_t, at most INT64_MAX */
	NC_T_F64,    /* double */
	NC_T_BOOL,   /* int */
	NC_T_ENUM,   /* an enum or int: index into choices; choices[0] == "" stands for null */
	NC_T_TIME,   /* int64_t unix milliseconds; 0 = null; RFC 3339 outside */
	NC_T_REF,    /* const char *: an id; a name is taken in requests and resolved */
	NC_T_LABELS, /* nc_labels */
	NC_T_STRS,   /* const char **x; size_t n_x */
	NC_T_REFS,   /* the same, of ids */
	NC_T_OBJ,    /* T *: NULL = absent; sub */
	NC_T_STRUCT, /* T in place, always there; sub */
	NC_T_OBJS,   /* T *x; size_t n_x; sub */
	NC_T_JSON,   /* nc_bytes: one JSON value as text; ptr NULL = absent */
	NC_T_SECRET  /* nc_secret_field */
} nc_field_type;

typedef enum nc_field_class {
	NC_INTENT,  /* what the user asked; moves the ETag */
	NC_STATE,   /* the kernel's; durable */
	NC_OBSERVED /* memory; durable only along with something else */
} nc_field_class;

typedef enum nc_mutability {
	NC_LIVE,        /* may be changed at any time */
	NC_NEXT_START,  /* waits in pending{} once the thing is there */
	NC_IMMUTABLE,   /* set by create, then fixed */
	NC_SUBRESOURCE, /* an array in create, then changed through its own routes */
	NC_SERVER       /* never set by a request */
} nc_mutability;

/* nc_field_def.flags */
enum {
	NC_FF_REQUIRED = 1 << 0,
	NC_FF_INDEXED = 1 << 1,   /* filter and sort; .index says which */
	NC_FF_INPUT = 1 << 2,     /* only read in requests (aliases); never stored or shown */
	NC_FF_NULL = 1 << 3,      /* absent is written as null instead of left out */
	NC_FF_ZERO_NULL = 1 << 4, /* number 0 = absent */
	NC_FF_WEAK = 1 << 5,      /* a reference that does not keep its target from being deleted */
	NC_FF_DEFAULT = 1 << 6,   /* .def, .def_f or .def_s when a create leaves it out */
	NC_FF_PENDING = 1 << 7,   /* the JSON object that next-start changes wait in */
	NC_FF_UNIQUE = 1 << 8,    /* no two elements of the list may agree in it */
	NC_FF_QUIET = 1 << 9,     /* an empty list is left out instead of written as [] */
	NC_FF_TO_COME = 1 << 10   /* nothing acts on it yet: a request that sets it is refused */
};

typedef struct nc_field_def nc_field_def;

/* The form of a sub-object. */
typedef struct nc_sub_def {
	const char *name; /* "VmDisk" in schemas */
	const nc_field_def *fields;
	size_t n_fields;
	size_t size;
	const char *
		id_prefix; /* elements have `id` as first field, made by the server; NULL = no id */
	const char *singular; /* "disk": the last part of the sub-resource's route */
} nc_sub_def;

struct nc_field_def {
	const char *name; /* as in JSON */
	const char *doc;  /* one line */
	uint8_t type, cls, mut, index;
	uint16_t flags;
	uint16_t ref; /* kind number; 0 = any kind */
	uint32_t offset;
	uint32_t max_len; /* bytes of text, elements of a list; 0 = the type's own limit */
	int64_t min, max; /* both 0 = no limit */
	int64_t def;
	double def_f;
	const char *def_s;
	const char *unit;           /* "MiB" */
	const char *const *choices; /* NULL-ended */
	const nc_sub_def *sub;
	const char *hint; /* how to change it, where a PATCH can't */
};

/* Values that are not plain C types. Everything they point to lies in the object's arena. */
typedef struct nc_label {
	const char *key, *value;
} nc_label;
typedef struct nc_labels {
	nc_label *v; /* sorted by key; replaced, never changed in place */
	size_t n;
} nc_labels;

/* The value itself is nowhere but in `fresh`, between a request and its sealing. */
typedef struct nc_secret_field {
	int is_set;
	uint64_t version;   /* the sealed value is handle@version; moves with each new value */
	const char *digest; /* keyed; NULL until sealed */
	nc_bytes fresh;     /* a new value that came with the request; ptr NULL = none */
	int is_cleared;     /* the request asked to forget the value */
} nc_secret_field;

/*
 * Table rows: `NC_FIELD_I64(nc_vm, vcpus, "vcpus", .min = 1, .max = 1024, .doc = "…")`. Each checks
 * the member's C type; lists check that their count follows the pointer.
 */
#define NC_OFF(st, m, ctype)                                                                       \
	(uint32_t)(offsetof(st, m) +                                                               \
		   0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((st *)0)->m), ctype)   \
					   ? 1                                                     \
					   : -1]))
#define NC_OFF_ENUM(st, m)                                                                         \
	(uint32_t)(offsetof(st, m) + 0 * sizeof(char[sizeof(((st *)0)->m) == sizeof(int) ? 1 : -1]))
#define NC_OFF_LIST(st, m)                                                                         \
	(uint32_t)(offsetof(st, m) +                                                               \
		   0 * sizeof(char[offsetof(st, n_##m) == offsetof(st, m) + sizeof(void *) &&      \
						   sizeof(((st *)0)->n_##m) == sizeof(size_t)      \
					   ? 1                                                     \
					   : -1]))
#define NC_SUB_DEF(word, table, ctype, prefix, single)                                             \
	{                                                                                          \
		(word), (table), sizeof(table) / sizeof((table)[0]), sizeof(ctype), (prefix),      \
			(single)                                                                   \
	}
#define NC_FIELD_(json, t, off, ...)                                                               \
	{                                                                                          \
		.name = (json), .type = (t), .offset = (off), __VA_ARGS__                          \
	}

#define NC_FIELD_STR(st, m, json, ...)                                                             \
	NC_FIELD_(json, NC_T_STR, NC_OFF(st, m, const char *), __VA_ARGS__)
#define NC_FIELD_NAME(st, m, json, ...)                                                            \
	NC_FIELD_(json, NC_T_NAME, NC_OFF(st, m, const char *), __VA_ARGS__)
#define NC_FIELD_I64(st, m, json, ...)                                                             \
	NC_FIELD_(json, NC_T_I64, NC_OFF(st, m, int64_t), __VA_ARGS__)
#define NC_FIELD_U64(st, m, json, ...)                                                             \
	NC_FIELD_(json, NC_T_U64, NC_OFF(st, m, uint64_t), __VA_ARGS__)
#define NC_FIELD_F64(st, m, json, ...)  NC_FIELD_(json, NC_T_F64, NC_OFF(st, m, double), __VA_ARGS__)
#define NC_FIELD_BOOL(st, m, json, ...) NC_FIELD_(json, NC_T_BOOL, NC_OFF(st, m, int), __VA_ARGS__)
#define NC_FIELD_ENUM(st, m, json, words, ...)                                                     \
	NC_FIELD_(json, NC_T_ENUM, NC_OFF_ENUM(st, m), .choices = (words), __VA_ARGS__)
#define NC_FIELD_TIME(st, m, json, ...)                                                            \
	NC_FIELD_(json, NC_T_TIME, NC_OFF(st, m, int64_t), __VA_ARGS__)
#define NC_FIELD_REF(st, m, json, kind_no, ...)                                                    \
	NC_FIELD_(json, NC_T_REF, NC_OFF(st, m, const char *), .ref = (kind_no), __VA_ARGS__)
#define NC_FIELD_LABELS(st, m, json, ...)                                                          \
	NC_FIELD_(json, NC_T_LABELS, NC_OFF(st, m, nc_labels), __VA_ARGS__)
#define NC_FIELD_STRS(st, m, json, ...) NC_FIELD_(json, NC_T_STRS, NC_OFF_LIST(st, m), __VA_ARGS__)
#define NC_FIELD_REFS(st, m, json, kind_no, ...)                                                   \
	NC_FIELD_(json, NC_T_REFS, NC_OFF_LIST(st, m), .ref = (kind_no), __VA_ARGS__)
#define NC_FIELD_OBJ(st, m, json, sub_def, ...)                                                    \
	NC_FIELD_(json, NC_T_OBJ, (uint32_t)offsetof(st, m), .sub = (sub_def), __VA_ARGS__)
#define NC_FIELD_STRUCT(st, m, json, sub_def, ...)                                                 \
	NC_FIELD_(json, NC_T_STRUCT, (uint32_t)offsetof(st, m), .sub = (sub_def), __VA_ARGS__)
#define NC_FIELD_OBJS(st, m, json, sub_def, ...)                                                   \
	NC_FIELD_(json, NC_T_OBJS, NC_OFF_LIST(st, m), .sub = (sub_def), __VA_ARGS__)
#define NC_FIELD_JSON(st, m, json, ...)                                                            \
	NC_FIELD_(json, NC_T_JSON, NC_OFF(st, m, nc_bytes), __VA_ARGS__)
#define NC_FIELD_SECRET(st, m, json, ...)                                                          \
	NC_FIELD_(json, NC_T_SECRET, NC_OFF(st, m, nc_secret_field), __VA_ARGS__)

#endif
