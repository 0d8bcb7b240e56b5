/* SPDX-License-Identifier: Apache-2.0 */
#include "store/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/err.h"
#include "store/care.h"

/*
 * Whether everything agrees: the store's own checksums, the trees in memory with each other, the
 * objects in the store with memory, the log with the items. Runs beside writers, so what disagrees
 * is looked at again before it is called a fault. Workers.
 */

void nc_check_fault(nc_checker *c, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->n_faults++;
	c->fn(c->ctx, line);
}

/* ---- the store's own ---- */

static const char *space_name(uint32_t space)
{
	static const char *const names[] = {
		[NC_SPACE_OBJECTS] = "objects",
		[NC_LANE_EVENT + 1] = "events",
		[NC_LANE_AUDIT + 1] = "audit",
		[NC_SPACE_META] = "meta",
		[NC_SPACE_NAMES] = "names",
		[NC_SPACE_COLD] = "cold objects",
	};
	return space > 0 && space < NC_LEN(names) ? names[space] : "an unknown space";
}

static nc_code on_store_fault(
	void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what)
{
	nc_checker *c = arg;
	uint16_t kind;
	uint64_t entry_seq;
	uint32_t n;
	nc_bytes id;
	int is_lane = space > NC_LANE_EVENT && space <= NC_LANE_LAST + 1;
	if (!key.ptr && seq > 0)
		nc_check_fault(c, "record %llu of the log: %s", (unsigned long long)seq, what);
	else if (!key.ptr)
		nc_check_fault(c, "store: %s", what);
	else if (is_lane && nc_lane_key_parse(key, &entry_seq, &n) == 0)
		nc_check_fault(c, "%s: entry %u of record %llu: %s", space_name(space), n,
			(unsigned long long)entry_seq, what);
	else if (!is_lane && space != NC_SPACE_META && nc_object_key_parse(key, &kind, &id) == 0)
		nc_check_fault(c, "%s: %s %.*s: %s", space_name(space),
			nc_schema_kind_name(&c->db->schema, kind), (int)id.len,
			(const char *)id.ptr, what);
	else
		nc_check_fault(c, "%s: %.*s: %s", space_name(space), (int)key.len,
			(const char *)key.ptr, what);
	return NC_OK;
}

static nc_code check_store(nc_checker *c, nc_error *err)
{
	if (!NC_HAS(c->db->store, check))
		return NC_OK;
	uint64_t before = c->n_faults;
	nc_code code = c->db->store->check(c->db->inst, on_store_fault, c, err);
	return code == NC_E_PROTO && c->n_faults > before ? NC_OK : code;
}

/* ---- memory ---- */

static void check_trees(nc_checker *c, nc_root *r, const nc_kind_def *def)
{
	const char *fault = nc_tree_fault(nc_root_id_tree(r, def->number));
	if (fault)
		nc_check_fault(c, "memory: ids of %s: %s", def->name, fault);
	for (uint16_t i = 0; i < def->n_indexes; i++) {
		fault = nc_tree_fault(nc_root_index_tree(r, def->number, i));
		if (fault)
			nc_check_fault(c, "memory: index %s of %s: %s", def->indexes[i].name,
				def->name, fault);
	}
}

/* Each key of each item is in its index, and nothing else is. */
static void check_items(nc_checker *c, nc_root *r, const nc_kind_def *def)
{
	uint64_t count[NC_DB_INDEXES_MAX] = { 0 };
	nc_bytes none = { NULL, 0 };
	nc_walk w;
	const nc_item *it;
	nc_walk_init(&w, r, def->number, NC_BY_ID, none, none, NC_ASCENDING);
	while ((it = nc_walk_next(&w, NULL)) != NULL) {
		const nc_ikey *k = nc_item_idkey(it);
		for (uint16_t i = 0; i < it->n_keys; i++) {
			k = nc_ikey_next(k);
			const nc_tree *t = nc_root_index_tree(r, def->number, k->index);
			if (nc_tree_get(t, nc_ikey_bytes(k), nc_item_id_bytes(it)) != k)
				nc_check_fault(c, "memory: %s %s is not in index %s", def->name,
					nc_item_id(it), def->indexes[k->index].name);
			count[k->index]++;
			if (def->indexes[k->index].is_unique &&
				nc_root_count_key(r, def->number, k->index, nc_ikey_bytes(k), 2) !=
					1)
				nc_check_fault(c, "memory: %s %.*s of %s %s is not the only one",
					def->indexes[k->index].name, k->len, k->ptr, def->name,
					nc_item_id(it));
		}
	}
	for (uint16_t i = 0; i < def->n_indexes; i++) {
		uint64_t n = nc_root_index_tree(r, def->number, i)->n;
		if (n != count[i])
			nc_check_fault(c, "memory: index %s of %s has %llu entries, not %llu",
				def->indexes[i].name, def->name, (unsigned long long)n,
				(unsigned long long)count[i]);
	}
}

void nc_check_memory(nc_checker *c)
{
	/* A section for each kind, so that none holds memory back for long. */
	for (uint16_t kind = 1; kind < NC_DB_KINDS_MAX; kind++) {
		const nc_kind_def *def = c->db->schema.kind[kind];
		if (!def)
			continue;
		/* the accessors are the writer's; nothing is written */
		nc_root *r = (nc_root *)(uintptr_t)nc_db_read_begin(c->db);
		check_trees(c, r, def);
		check_items(c, r, def);
		nc_db_read_end(c->db);
	}
}

static void tell_damage(void *ctx, const char *what)
{
	nc_check_fault(ctx, "%s", what);
}

/* Memory against what is written of it; behind a lost record nothing is. */
static nc_code check_written(nc_checker *c, nc_error *err)
{
	if (c->db->is_barred) {
		nc_db_damage(c->db, tell_damage, c);
		return check_store(c, err);
	}
	nc_code code = nc_db_flush(c->db, err);
	if (code == NC_OK)
		code = check_store(c, err);
	if (code == NC_OK)
		code = nc_check_objects(c, err);
	return code == NC_OK ? nc_check_cold(c, err) : code;
}

nc_code nc_db_check(nc_db *db, nc_fault_fn fn, void *ctx, uint64_t *ret_faults, nc_error *err)
{
	nc_checker c = { db, fn, ctx, 0 };
	nc_check_memory(&c);
	nc_code code = check_written(&c, err);
	if (code == NC_OK)
		code = nc_check_log(&c, err);
	*ret_faults = c.n_faults;
	return code;
}

nc_code nc_db_check_files(
	const nc_db_options *o, nc_fault_fn fn, void *ctx, uint64_t *ret_faults, nc_error *err)
{
	_cleanup_(nc_freep) nc_db *shell = nc_calloc(1, sizeof(*shell));
	nc_checker c = { shell, fn, ctx, 0 };
	nc_code code = shell ? nc_schema_init(&shell->schema, o->kinds, o->n_kinds, err)
			     : nc_err_nomem(err);
	if (code != NC_OK)
		return code;
	shell->store = o->table;
	shell->inst = o->inst;
	code = check_store(&c, err);
	*ret_faults = c.n_faults;
	return code;
}
