/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot's life, and what the table's types mean for comparing and copying a field. A
 * snapshot lives from the load to its last unref, on whatever thread that is; it is written only
 * before it is handed out.
 */
#include "config/snapshot.h"

#include <string.h>

#include "base/alloc.h"
#include "base/secret.h"

#define ARENA_LIMIT ((size_t)32 << 20) /* many times what the largest accepted files can need */

static nc_config_snapshot *snapshot_of(const nc_config *c)
{
	/* pub comes first and every nc_config that is handed out sits in a snapshot; the count is
	 * the one thing that moves behind the const. */
	return (nc_config_snapshot *)(uintptr_t)c;
}

nc_config_snapshot *nc_config_snapshot_new(void)
{
	_cleanup_(nc_config_snapshot_dropp) nc_config_snapshot *s = nc_calloc(1, sizeof(*s));
	size_t n;

	nc_config_keys(&n);
	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	s->arena = nc_arena_new(ARENA_LIMIT);
	if (!s->arena)
		return NULL;
	s->place = nc_arena_new_array(s->arena, nc_config_place, n);
	s->origin = nc_arena_new_array(s->arena, const char *, n);
	return s->place && s->origin ? nc_steal(&s) : NULL;
}

static void wipe_secrets(nc_config_snapshot *s)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		char *text = NULL;
		if (!keys[i].secret)
			continue;
		nc_assert(keys[i].type == NC_CONFIG_T_STRING);
		memcpy(&text, nc_config_slot(&s->pub, &keys[i]), sizeof(text));
		if (text)
			nc_zero(text, strlen(text));
	}
}

void nc_config_snapshot_drop(nc_config_snapshot *s)
{
	/* Release: our reads happen before the count falls. Acquire: the last one frees after all
	 * others' reads. */
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	wipe_secrets(s);
	if (s->arena)
		nc_arena_free(s->arena);
	nc_free(s);
}

const nc_config *nc_config_ref(const nc_config *c)
{
	/* Relaxed: who takes a reference already holds one, or the holder's lock. */
	atomic_fetch_add_explicit(&snapshot_of(c)->refs, 1, memory_order_relaxed);
	return c;
}

void nc_config_unref(const nc_config *c)
{
	if (c)
		nc_config_snapshot_drop(snapshot_of(c));
}

const char *nc_config_origin(const nc_config *c, const char *key)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);
	const nc_config_key *k = nc_config_key_find(key);

	return k ? snapshot_of(c)->origin[k - keys] : NULL;
}

void *nc_config_slot(nc_config *c, const nc_config_key *k)
{
	return (char *)c + k->offset;
}

const void *nc_config_slot_const(const nc_config *c, const nc_config_key *k)
{
	return (const char *)c + k->offset;
}

static size_t plain_size(nc_config_type type)
{
	switch (type) {
	case NC_CONFIG_T_BOOL:
		return sizeof(bool);
	case NC_CONFIG_T_ENUM:
	case NC_CONFIG_T_MODE:
		return sizeof(uint32_t);
	case NC_CONFIG_T_INT:
	case NC_CONFIG_T_DURATION:
		return sizeof(int64_t);
	case NC_CONFIG_T_RATIO:
		return sizeof(double);
	case NC_CONFIG_T_STRING:
	case NC_CONFIG_T_PATH:
	case NC_CONFIG_T_PATHS:
	case NC_CONFIG_T_PLUGINS:
	case NC_CONFIG_T_UIDS:
	case NC_CONFIG_T_MAP:
		return 0;
	}
	return 0;
}

static bool is_text(nc_config_type type)
{
	return type == NC_CONFIG_T_STRING || type == NC_CONFIG_T_PATH || type == NC_CONFIG_T_MAP;
}

static bool lists_equal(const nc_config_list *a, const nc_config_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	}
	return true;
}

static bool plugins_equal(const nc_config_plugins *a, const nc_config_plugins *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->v[i].id, b->v[i].id) != 0 || a->v[i].isolation != b->v[i].isolation)
			return false;
	}
	return true;
}

static bool uids_equal(const nc_config_uids *a, const nc_config_uids *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].uid != b->v[i].uid || a->v[i].role != b->v[i].role)
			return false;
	}
	return true;
}

bool nc_config_value_is_equal(const nc_config_key *k, const nc_config *a, const nc_config *b)
{
	const void *x = nc_config_slot_const(a, k), *y = nc_config_slot_const(b, k);

	if (plain_size(k->type))
		return !memcmp(x, y, plain_size(k->type));
	if (is_text(k->type))
		return !strcmp(*(const char *const *)x, *(const char *const *)y);
	if (k->type == NC_CONFIG_T_PLUGINS)
		return plugins_equal(x, y);
	if (k->type == NC_CONFIG_T_UIDS)
		return uids_equal(x, y);
	return lists_equal(x, y);
}

static nc_code copy_list(nc_arena *arena, const nc_config_list *src, nc_config_list *dst)
{
	const char **v = nc_arena_new_array(arena, const char *, src->n + 1);

	if (!v)
		return NC_E_NOMEM;
	for (size_t i = 0; i < src->n; i++) {
		v[i] = nc_arena_strdup(arena, src->v[i]);
		if (!v[i])
			return NC_E_NOMEM;
	}
	*dst = (nc_config_list){ v, src->n };
	return NC_OK;
}

static nc_code copy_plugins(nc_arena *arena, const nc_config_plugins *src, nc_config_plugins *dst)
{
	nc_config_plugin *v = nc_arena_new_array(arena, nc_config_plugin, src->n + 1);

	if (!v)
		return NC_E_NOMEM;
	for (size_t i = 0; i < src->n; i++) {
		v[i] = src->v[i];
		v[i].id = nc_arena_strdup(arena, src->v[i].id);
		if (!v[i].id)
			return NC_E_NOMEM;
	}
	*dst = (nc_config_plugins){ v, src->n };
	return NC_OK;
}

static nc_code copy_uids(nc_arena *arena, const nc_config_uids *src, nc_config_uids *dst)
{
	nc_config_uid *v = nc_arena_new_array(arena, nc_config_uid, src->n + 1);

	if (!v)
		return NC_E_NOMEM;
	if (src->n)
		memcpy(v, src->v, sizeof(*v) * src->n);
	*dst = (nc_config_uids){ v, src->n };
	return NC_OK;
}

static nc_code copy_text(nc_arena *arena, const void *src, void *dst)
{
	char *text = nc_arena_strdup(arena, *(const char *const *)src);

	if (!text)
		return NC_E_NOMEM;
	memcpy(dst, &text, sizeof(text));
	return NC_OK;
}

nc_code nc_config_value_copy(
	const nc_config_key *k, nc_config_snapshot *dst, const nc_config_snapshot *src)
{
	const void *from = nc_config_slot_const(&src->pub, k);
	void *to = nc_config_slot(&dst->pub, k);

	if (plain_size(k->type)) {
		memcpy(to, from, plain_size(k->type));
		return NC_OK;
	}
	if (is_text(k->type))
		return copy_text(dst->arena, from, to);
	if (k->type == NC_CONFIG_T_PLUGINS)
		return copy_plugins(dst->arena, from, to);
	if (k->type == NC_CONFIG_T_UIDS)
		return copy_uids(dst->arena, from, to);
	return copy_list(dst->arena, from, to);
}
