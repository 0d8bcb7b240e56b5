/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_MEMBER_H
#define NC_MODEL_MEMBER_H

/* Inside model/: what can be done with one member of a struct, by its row in the table. */

#include <string.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "model/object.h"

typedef enum nc_read_mode {
	NC_READ_NEW, /* a request's: what sub-objects have from the server is refused */
	NC_READ_SAME /* only to be compared with what is there: all is taken */
} nc_read_mode;

typedef struct nc_reader {
	nc_arena *arena;
	nc_faults *faults;
	nc_read_mode mode;
} nc_reader;

/* Convert `j` into d's member of `base`. Type faults go to the reader, and the result is 0: what is
 * there then is good for finding more faults, no more. Ranges and the like are nc_member_check's. */
int nc_member_read(nc_reader *r, const nc_field_def *d, const nc_jpath *at, json_t *j, void *base);
/* A whole new sub-object (zeroed): defaults and id first, where a request makes it. */
int nc_sub_read(nc_reader *r, const nc_field_def *d, const nc_jpath *at, json_t *j, void *elem);
/* Every member of JSON object j into a struct; what j leaves out stays. */
void nc_struct_read(nc_reader *r, const nc_field_def *fields, size_t n, const nc_jpath *at,
	json_t *j, void *base);
void nc_member_check(nc_faults *f, const nc_field_def *d, const nc_jpath *at, const void *base);
void nc_struct_check(nc_faults *f, const nc_sub_def *sub, const nc_jpath *at, const void *base);
void nc_object_need_name(const nc_object *obj, nc_faults *f);
void nc_member_render(const nc_field_def *d, const void *base, nc_jw *w);
int nc_member_eq(const nc_field_def *d, const void *a, const void *b);
int nc_member_is_absent(const nc_field_def *d, const void *base);
/* Absent, or the table's default. */
void nc_member_reset(const nc_field_def *d, void *base);
uint64_t nc_member_hash(const nc_field_def *d, const void *base, uint64_t seed);
/* Copy the member from one struct to another (pointers are shared). */
void nc_member_copy(const nc_field_def *d, void *to, const void *from);

/* The user has chosen this field's value after all. */
nc_code nc_object_not_defaulted(nc_object *obj, const char *field);

const nc_field_def *nc_field_find(
	const nc_field_def *fields, size_t n, nc_bytes name, size_t *hint);
/* Finds top-level fields of a kind, looking first behind the one found last: our own rendering
 * comes in the order of the tables. */
typedef struct nc_finder {
	nc_span spans[NC_SPANS_MAX];
	size_t n, span, hint;
} nc_finder;
void nc_finder_init(nc_finder *f, const nc_kind *k);
const nc_field_def *nc_finder_find(nc_finder *f, nc_bytes name);
/* "disks[2].size_gib" in the arena. NULL = arena full. */
const char *nc_path_text(nc_faults *f, const nc_jpath *at);
void nc_fault_at(nc_faults *f, const nc_jpath *at, const char *code, const char *fmt, ...)
	nc_printf(4, 5);
/* "unknown_field" with a did-you-mean among a kind's or a sub-object's fields. */
void nc_fault_unknown(nc_faults *f, const nc_jpath *at, const nc_span *spans, size_t n_spans);
/* Write a JSON tree as text; NULL/absent on a full arena. Depth is bounded by the parser. */
nc_code nc_json_text(json_t *j, nc_arena *a, size_t limit, nc_bytes *ret);

/* Longest text of a field, largest count of a list: the table's or the type's own. */
size_t nc_field_limit(const nc_field_def *d);
size_t nc_field_size(const nc_field_def *d); /* of the member in the struct */

/* Lists and pointers of any element type, without aliasing. */
typedef struct nc_seq {
	void *v;
	size_t n;
} nc_seq;
static inline nc_seq nc_seq_get(const nc_field_def *d, const void *base)
{
	nc_seq s;
	memcpy(&s.v, (const char *)base + d->offset, sizeof(s.v));
	memcpy(&s.n, (const char *)base + d->offset + sizeof(s.v), sizeof(s.n));
	return s;
}
static inline void nc_seq_set(const nc_field_def *d, void *base, nc_seq s)
{
	memcpy((char *)base + d->offset, &s.v, sizeof(s.v));
	memcpy((char *)base + d->offset + sizeof(s.v), &s.n, sizeof(s.n));
}
static inline void *nc_ptr_get(const nc_field_def *d, const void *base)
{
	void *p;
	memcpy(&p, (const char *)base + d->offset, sizeof(p));
	return p;
}
static inline void nc_ptr_set(const nc_field_def *d, void *base, void *p)
{
	memcpy((char *)base + d->offset, &p, sizeof(p));
}
#define NC_AT(type, d, base)  (*(type *)(void *)((char *)(base) + (d)->offset))
#define NC_GET(type, d, base) (*(type const *)(const void *)((const char *)(base) + (d)->offset))

/* jansson iterates through non-const pointers and changes nothing. */
static inline json_t *nc_json_mut(const json_t *j)
{
	return (json_t *)(uintptr_t)j;
}

#endif
