/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text into the struct a table describes, in one pass without a tree. It recurses by the
 * table, whose depth is fixed when it is compiled, never by the input. Any thread; what is read
 * belongs to the caller's nc_msg_mem.
 */
#include <stdlib.h>
#include <string.h>

#include "msg_internal.h"

typedef struct nc_msg_chunk {
	struct nc_msg_chunk *next;
	size_t used, cap;
	max_align_t data[];
} chunk;

void nc_msg_done(nc_msg_mem *mem)
{
	chunk *c = mem->chunks;

	while (c) {
		chunk *next = c->next;

		free(c);
		c = next;
	}
	mem->chunks = NULL;
}

void *nc_msg_alloc(nc_msg_mem *mem, size_t n)
{
	chunk *c = mem->chunks;
	void *p;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!c || c->cap - c->used < n) {
		size_t cap = n > 2032 ? n : 2032;

		c = malloc(sizeof(*c) + cap);
		if (!c)
			return NULL;
		c->next = mem->chunks;
		c->used = 0;
		c->cap = cap;
		mem->chunks = c;
	}
	p = (char *)c->data + c->used;
	c->used += n;
	return memset(p, 0, n);
}

const char *nc_msg_enum_name(const char *const *names, int32_t value)
{
	for (int32_t i = 1; *names; i++, names++)
		if (i == value)
			return *names;
	return "";
}

int32_t nc_msg_enum_value(const char *const *names, const char *name)
{
	for (int32_t i = 1; *names; i++, names++)
		if (strcmp(*names, name) == 0)
			return i;
	return 0;
}

size_t nc_msg_size_of(const nc_msg_field *f)
{
	switch (f->type) {
	case NC_MSG_STR:
		return sizeof(const char *);
	case NC_MSG_INT:
		return sizeof(int64_t);
	case NC_MSG_NUM:
		return sizeof(double);
	case NC_MSG_BOOL:
		return sizeof(bool);
	case NC_MSG_ENUM:
		return sizeof(int32_t);
	case NC_MSG_RAW:
		return sizeof(nc_bytes);
	case NC_MSG_OBJ:
		return f->obj->size;
	default:
		return sizeof(nc_msg_list);
	}
}

static nc_code read_object(nc_msg_reader *r, const nc_msg *msg, const nc_msg_path *at, char *out);
static nc_code read_value(
	nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, void *value);

static nc_code read_str(
	nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, const char **ret)
{
	size_t chars;
	nc_code rc = nc_msg_take_string(r, at, ret, &chars);

	if (rc != NC_OK)
		return rc;
	if ((int64_t)chars < f->min)
		return nc_msg_bad(r, at, "%zu characters are too few, at least %lld are wanted",
			chars, (long long)f->min);
	if ((int64_t)chars > f->max)
		return nc_msg_bad(r, at, "%zu characters are too many, at most %lld are taken",
			chars, (long long)f->max);
	return NC_OK;
}

static nc_code read_int(
	nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, int64_t *ret)
{
	nc_code rc = nc_msg_take_int(r, at, ret);

	if (rc != NC_OK)
		return rc;
	if (*ret < f->min || *ret > f->max)
		return nc_msg_bad(r, at, "%lld is outside of %lld to %lld", (long long)*ret,
			(long long)f->min, (long long)f->max);
	return NC_OK;
}

static nc_code read_num(nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, double *ret)
{
	nc_code rc = nc_msg_take_num(r, at, ret);

	if (rc != NC_OK)
		return rc;
	if (*ret < (double)f->min || *ret > (double)f->max)
		return nc_msg_bad(r, at, "%g is outside of %lld to %lld", *ret, (long long)f->min,
			(long long)f->max);
	return NC_OK;
}

static nc_code read_enum(
	nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, int32_t *ret)
{
	const char *word;
	nc_code rc = nc_msg_take_string(r, at, &word, NULL);

	if (rc != NC_OK)
		return rc;
	*ret = nc_msg_enum_value(f->names, word);
	if (*ret)
		return NC_OK;
	return nc_msg_bad(r, at, "\"%.40s\" is not one of \"%s\" …", word, f->names[0]);
}

static nc_code read_raw(nc_msg_reader *r, const nc_msg_path *at, nc_bytes *ret)
{
	const char *start;
	nc_code rc;

	nc_msg_skip_space(r);
	start = r->p;
	if (r->p == r->end || *r->p != '{')
		return nc_msg_bad(r, at, "expected an object");
	rc = nc_msg_skip_value(r, at);
	if (rc == NC_OK)
		*ret = (nc_bytes){ start, (size_t)(r->p - start) };
	return rc;
}

/* Make the list at least one longer; the new place, or NULL. */
static char *grow(nc_msg_mem *mem, nc_msg_list *list, size_t *cap, size_t size)
{
	if (list->n == *cap) {
		size_t more = *cap ? *cap * 2 : 4;
		char *items = nc_msg_alloc(mem, more * size);

		if (!items)
			return NULL;
		if (list->n)
			memcpy(items, list->items, list->n * size);
		list->items = items;
		*cap = more;
	}
	return (char *)(uintptr_t)list->items + list->n * size;
}

static nc_code check_count(nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, size_t n)
{
	if ((int64_t)n > f->max)
		return nc_msg_bad(r, at, "more than %lld items", (long long)f->max);
	return NC_OK;
}

static nc_code read_list(
	nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, nc_msg_list *ret)
{
	nc_msg_list list = { "", 0 };
	size_t cap = 0, size = nc_msg_size_of(f->item);
	nc_code rc = nc_msg_expect(r, '[', at);

	if (rc != NC_OK)
		return rc;
	for (bool first = true; !nc_msg_take(r, ']'); first = false) {
		nc_msg_path here = { at, NULL, list.n };
		char *place;

		if (!first && (rc = nc_msg_expect(r, ',', at)) != NC_OK)
			return rc;
		place = grow(r->mem, &list, &cap, size);
		if (!place)
			return nc_plug_nomem_in("request", r->err);
		rc = read_value(r, f->item, &here, place);
		if (rc == NC_OK)
			rc = check_count(r, f, at, ++list.n);
		if (rc != NC_OK)
			return rc;
	}
	if ((int64_t)list.n < f->min)
		return nc_msg_bad(r, at, "fewer than %lld items", (long long)f->min);
	*ret = list;
	return NC_OK;
}

static bool has_key(const nc_msg_list *list, const nc_msg *entry, const char *key)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *const *k = (const void *)((const char *)list->items + i * entry->size +
						      entry->fields[0].offset);
		if (strcmp(*k, key) == 0)
			return true;
	}
	return false;
}

static nc_code read_map(
	nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, nc_msg_list *ret)
{
	const nc_msg *entry = f->obj;
	nc_msg_list list = { "", 0 };
	size_t cap = 0;
	nc_code rc = nc_msg_expect(r, '{', at);

	if (rc != NC_OK)
		return rc;
	for (bool first = true; !nc_msg_take(r, '}'); first = false) {
		nc_msg_path here = { at, "", 0 };
		const char *key;
		char *place;

		if (!first && (rc = nc_msg_expect(r, ',', at)) != NC_OK)
			return rc;
		rc = nc_msg_take_string(r, at, &key, NULL);
		if (rc == NC_OK)
			rc = nc_msg_expect(r, ':', at);
		if (rc != NC_OK)
			return rc;
		here.key = key;
		if (has_key(&list, entry, key))
			return nc_msg_bad(r, &here, "given twice");
		place = grow(r->mem, &list, &cap, entry->size);
		if (!place)
			return nc_plug_nomem_in("request", r->err);
		memset(place, 0, entry->size);
		memcpy(place + entry->fields[0].offset, &key, sizeof(key));
		rc = read_value(r, &entry->fields[1], &here, place + entry->fields[1].offset);
		if (rc == NC_OK)
			rc = check_count(r, f, at, ++list.n);
		if (rc != NC_OK)
			return rc;
	}
	*ret = list;
	return NC_OK;
}

static nc_code read_value(
	nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, void *value)
{
	switch (f->type) {
	case NC_MSG_STR:
		return read_str(r, f, at, value);
	case NC_MSG_INT:
		return read_int(r, f, at, value);
	case NC_MSG_NUM:
		return read_num(r, f, at, value);
	case NC_MSG_BOOL:
		return nc_msg_take_bool(r, at, value);
	case NC_MSG_ENUM:
		return read_enum(r, f, at, value);
	case NC_MSG_RAW:
		return read_raw(r, at, value);
	case NC_MSG_LIST:
		return read_list(r, f, at, value);
	case NC_MSG_MAP:
		return read_map(r, f, at, value);
	default:
		return read_object(r, f->obj, at, value);
	}
}

/* The field called `key`: the one after the last, mostly, since writers keep the table's order. */
static size_t find_field(const nc_msg *msg, const char *key, size_t guess)
{
	if (guess < msg->n_fields && strcmp(msg->fields[guess].name, key) == 0)
		return guess;
	for (size_t i = 0; i < msg->n_fields; i++)
		if (strcmp(msg->fields[i].name, key) == 0)
			return i;
	return SIZE_MAX;
}

static nc_code unknown_member(
	nc_msg_reader *r, const nc_msg *msg, const nc_msg_path *at, const char *key)
{
	char path[128];

	if (msg->is_open)
		return nc_msg_skip_value(r, at);
	nc_msg_path_format(at, path, sizeof(path));
	return nc_plug_fail_in("request", r->err, NC_E_UNSUPPORTED, NC_ERR_USER_FAULT,
		"Leave the member out, or use a version of the plugin that knows it.",
		"%s%s%.64s: not a member of %s", path, path[0] ? "." : "", key, msg->name);
}

static nc_code read_default(
	nc_msg_reader *r, const nc_msg_field *f, const nc_msg_path *at, char *out)
{
	nc_msg_reader sub = { f->dflt, f->dflt + strlen(f->dflt), f->dflt, r->mem, r->err };

	return read_value(&sub, f, at, out + f->offset);
}

static nc_code fill_absent(
	nc_msg_reader *r, const nc_msg *msg, const nc_msg_path *at, char *out, uint64_t seen)
{
	for (size_t i = 0; i < msg->n_fields; i++) {
		const nc_msg_field *f = &msg->fields[i];
		nc_msg_path here = { at, f->name, 0 };
		nc_code rc = NC_OK;

		if (seen >> i & 1)
			continue;
		if (f->dflt)
			rc = read_default(r, f, &here, out);
		else if (f->flags & NC_MSG_REQUIRED)
			rc = nc_msg_bad(r, &here, "is missing");
		if (rc != NC_OK)
			return rc;
	}
	return NC_OK;
}

static nc_code read_member(nc_msg_reader *r, const nc_msg *msg, const nc_msg_path *at, char *out,
	uint64_t *seen, size_t *last)
{
	nc_msg_path here = { at, NULL, 0 };
	const nc_msg_field *f;
	const char *key;
	nc_code rc = nc_msg_take_string(r, at, &key, NULL);

	if (rc == NC_OK)
		rc = nc_msg_expect(r, ':', at);
	if (rc != NC_OK)
		return rc;
	*last = find_field(msg, key, *last + 1);
	if (*last == SIZE_MAX)
		return unknown_member(r, msg, at, key);
	f = &msg->fields[*last];
	here.key = f->name;
	if (*seen >> *last & 1)
		return nc_msg_bad(r, &here, "given twice");
	*seen |= 1ULL << *last;
	if (f->has)
		memcpy(out + f->has, &(bool){ true }, sizeof(bool));
	return read_value(r, f, &here, out + f->offset);
}

static nc_code read_object(nc_msg_reader *r, const nc_msg *msg, const nc_msg_path *at, char *out)
{
	uint64_t seen = 0;
	size_t last = SIZE_MAX;
	nc_code rc = nc_msg_expect(r, '{', at);

	memset(out, 0, msg->size);
	if (rc != NC_OK)
		return rc;
	for (bool first = true; !nc_msg_take(r, '}'); first = false) {
		if (!first && (rc = nc_msg_expect(r, ',', at)) != NC_OK)
			return rc;
		rc = read_member(r, msg, at, out, &seen, &last);
		if (rc != NC_OK)
			return rc;
	}
	return fill_absent(r, msg, at, out, seen);
}

nc_code nc_msg_read(const nc_msg *msg, nc_bytes text, nc_msg_mem *mem, void *out, nc_error *err)
{
	const char *p = text.ptr ? text.ptr : "";
	nc_msg_reader r = { p, p + text.len, p, mem, err };
	nc_code rc = read_object(&r, msg, NULL, out);

	if (rc != NC_OK)
		return rc;
	nc_msg_skip_space(&r);
	return r.p == r.end ? NC_OK : nc_msg_bad(&r, NULL, "bytes after the end");
}

nc_code nc_msg_check_object(nc_bytes text, nc_error *err)
{
	nc_msg_mem mem = { 0 };
	nc_bytes raw;
	const char *p = text.ptr ? text.ptr : "";
	nc_msg_reader r = { p, p + text.len, p, &mem, err };
	nc_code rc = read_raw(&r, NULL, &raw);

	nc_msg_skip_space(&r);
	if (rc == NC_OK && r.p != r.end)
		rc = nc_msg_bad(&r, NULL, "bytes after the end");
	nc_msg_done(&mem);
	return rc;
}
