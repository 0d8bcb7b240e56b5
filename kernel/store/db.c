/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/log.h"
#include "store/db_internal.h"
#include "store/value.h"

/*
 * A database from open to close. Opening is one thread's work up to the moment the sequencer and
 * the materialiser start; closing ends them in that order and frees what they shared. A store that
 * can be read and not written (a full disk, a read-only one) is opened as if it had just failed:
 * writes are refused and the sequencer leads when it can. On any failure to open, nothing is left
 * behind but a newer epoch in the store.
 */

enum { GROUP_DEFAULT = 1024, GATHER_DEFAULT_MS = 200, KEEP_DEFAULT = 100000 };

static nc_code check_table(const nc_store *s, nc_error *err)
{
	const struct {
		int is_there;
		const char *name;
	} slots[] = {
		{ NC_HAS(s, lead) ? 1 : 0, "lead" },
		{ NC_HAS(s, append) ? 1 : 0, "append" },
		{ NC_HAS(s, head) ? 1 : 0, "head" },
		{ NC_HAS(s, read) ? 1 : 0, "read" },
		{ NC_HAS(s, materialise) ? 1 : 0, "materialise" },
		{ NC_HAS(s, scan) ? 1 : 0, "scan" },
		{ NC_HAS(s, get) ? 1 : 0, "get" },
		{ NC_HAS(s, trim) ? 1 : 0, "trim" },
	};
	for (size_t i = 0; i < NC_LEN(slots); i++) {
		if (!slots[i].is_there)
			return nc_err(
				err, NC_E_UNSUPPORTED, "the store plugin has no %s", slots[i].name);
	}
	return NC_OK;
}

static nc_code set_options(nc_db *db, const nc_db_options *o, nc_error *err)
{
	nc_code code = check_table(o->table, err);
	if (code == NC_OK)
		code = nc_schema_init(&db->schema, o->kinds, o->n_kinds, err);
	if (code != NC_OK)
		return code;
	if (!o->node ||
		snprintf(db->node, sizeof(db->node), "%s", o->node) >= (int)sizeof(db->node))
		return nc_err(
			err, NC_E_INVAL, "a node's name has 1 to %zu bytes", sizeof(db->node) - 1);
	db->store = o->table;
	db->inst = o->inst;
	db->hooks = o->hooks;
	db->group_max = o->group_max ? o->group_max : GROUP_DEFAULT;
	db->accepts_loss = o->accepts_loss != 0;
	db->log_keep = o->log_keep_records ? o->log_keep_records : KEEP_DEFAULT;
	db->gather_us = 1000 * (int64_t)(o->materialise_delay_ms ? o->materialise_delay_ms
								 : GATHER_DEFAULT_MS);
	return NC_OK;
}

static nc_db *db_new(nc_error *err)
{
	nc_db *db = nc_calloc(1, sizeof(*db));
	if (!db) {
		nc_err_nomem(err);
		return NULL;
	}
	nc_health_init(&db->health);
	nc_pending_init(&db->pending);
	if (nc_damage_init(&db->damage) == NC_OK)
		return db;
	nc_err_nomem(err);
	nc_damage_done(&db->damage);
	nc_pending_done(&db->pending);
	nc_health_done(&db->health);
	nc_free(db);
	return NULL;
}

/* Both threads have ended, or never were. */
static void db_free(nc_db *db)
{
	nc_root *root = atomic_load_explicit(&db->root, memory_order_relaxed);
	nc_sequencer_done(db);
	nc_qsbr_synchronize();
	nc_pending_done(&db->pending);
	if (db->s.tip) {
		nc_forest_rollback(&db->s.forest);
		nc_root_free(db->s.tip);
	}
	if (root) {
		nc_root_unref_items(root);
		nc_root_free_trees(root);
		nc_root_free(root);
	}
	nc_forest_done(&db->s.forest);
	nc_damage_done(&db->damage);
	nc_health_done(&db->health);
	nc_free(db);
}

/* The positions of log and objects make sense together. */
static nc_code check_head(const nc_store_head *h, uint64_t head, nc_error *err)
{
	if (h->applied_seq <= head && h->trimmed_seq <= h->applied_seq && h->head == head)
		return NC_OK;
	nc_err(err, NC_E_PROTO,
		"the store's log ends at %llu (%llu when led), objects are of %llu, trimmed up to "
		"%llu",
		(unsigned long long)h->head, (unsigned long long)head,
		(unsigned long long)h->applied_seq, (unsigned long long)h->trimmed_seq);
	return nc_err_hint(
		err, NC_E_PROTO, "files of different times were mixed; restore a backup");
}

/* Without room or rights to write, or the last records, there is no lead; what is there can be read
 * all the same. The sequencer leads as soon as it can. */
static nc_code read_without_lead(nc_db *db, const nc_error *why, uint64_t *ret_head, nc_error *err)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_code code = db->store->head(db->inst, &h, err);
	if (code == NC_OK && h.head == 0) { /* nothing to serve */
		nc_err_copy(err, why);
		return why->code;
	}
	*ret_head = h.head;
	if (code == NC_OK)
		nc_store_broke(db, why);
	return code;
}

static void be_told(nc_error *why, nc_code code)
{
	if (why->code == NC_OK)
		nc_err(why, code, "the store failed without saying why");
}

static nc_code take_lead(nc_db *db, uint64_t *ret_head, nc_error *err)
{
	uint64_t epoch = 0;
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error why = NC_ERROR_INIT;
	nc_code code = db->store->lead(db->inst, db->node, NC_LEASE_MS, &epoch, ret_head, &why);
	if (code != NC_OK)
		be_told(&why, code);
	if (code == NC_OK)
		nc_lease_taken(db);
	else if (code == NC_E_UNAVAILABLE || code == NC_E_PROTO)
		code = read_without_lead(db, &why, ret_head, err);
	else
		nc_err_copy(err, &why);
	if (code == NC_OK)
		code = db->store->head(db->inst, &h, err);
	if (code == NC_OK)
		code = check_head(&h, *ret_head, err);
	if (code != NC_OK)
		return code;
	atomic_store_explicit(&db->epoch, epoch, memory_order_relaxed);
	atomic_store_explicit(&db->trimmed, h.trimmed_seq, memory_order_relaxed);
	db->pending.applied = h.applied_seq;
	db->s.head = h.applied_seq;
	return NC_OK;
}

static nc_code know_identity(nc_db *db, uint64_t head, nc_error *err)
{
	if (db->identity.installation[0] != '\0')
		return NC_OK;
	if (head > 0)
		return nc_err(err, NC_E_PROTO, "the state doesn't say which installation it is of");
	db->identity.format = NC_STORE_FORMAT;
	nc_ulid_make(db->identity.log_id);
	nc_ulid_make(db->identity.installation);
	nc_log(L_INFO, "store.created", F_STR("installation", db->identity.installation));
	return NC_OK;
}

/* What cursors were told of may be among what is lost: another log, as after a restore. */
static void rename_log(nc_db *db)
{
	if (db->damage.n_holes == 0 || db->s.is_broken)
		return;
	nc_ulid_make(db->identity.log_id);
	db->identity.flags = NC_IDENTITY_RESTORED;
}

/* A record of the epoch, if we lead; where it can't be written we are readers for now. */
static nc_code begin_epoch(nc_db *db, uint64_t head, nc_error *err)
{
	nc_error why = NC_ERROR_INIT;
	if (db->s.is_broken)
		return NC_OK;
	nc_code code = nc_epoch_append(
		db, atomic_load_explicit(&db->epoch, memory_order_relaxed), head, &why);
	if (code == NC_OK)
		return nc_replay(db, head + 1, err);
	be_told(&why, code);
	if (code == NC_E_UNAVAILABLE && head > 0) {
		nc_store_broke(db, &why);
		return NC_OK;
	}
	nc_err_copy(err, &why);
	return code;
}

static nc_code load(nc_db *db, nc_error *err)
{
	uint64_t head = 0;
	/* First of all, so that a newer state is refused before anything is written to it. */
	nc_code code = nc_identity_load(db, err);
	if (code == NC_OK)
		code = take_lead(db, &head, err);
	if (code == NC_OK)
		code = nc_load_items(db, err);
	if (code == NC_OK)
		code = nc_repair(db, err);
	if (code == NC_OK)
		code = nc_replay(db, head, err);
	if (code == NC_OK)
		code = know_identity(db, head, err);
	if (code == NC_OK) {
		rename_log(db);
		code = begin_epoch(db, head, err);
		db->identity.flags = 0;
	}
	if (code == NC_OK && !db->s.is_broken)
		nc_lease_holds(db);
	return code;
}

static nc_code start(nc_db *db, nc_error *err)
{
	db->is_open = 1;
	nc_code code = nc_materialiser_start(db, err);
	if (code == NC_OK)
		code = nc_sequencer_start(db, err);
	if (code != NC_OK)
		nc_materialiser_stop(db);
	return code;
}

nc_code nc_db_open(const nc_db_options *o, nc_db **ret, nc_error *err)
{
	nc_db *db = db_new(err);
	if (!db)
		return NC_E_NOMEM;
	nc_code code = set_options(db, o, err);
	if (code == NC_OK)
		code = nc_sequencer_init(db, err);
	if (code == NC_OK) {
		void (*published)(void *, const nc_db_batch *) = db->hooks.published;
		db->hooks.published = NULL; /* what is found is in the first root */
		code = load(db, err);
		db->hooks.published = published;
	}
	if (code == NC_OK)
		code = start(db, err);
	if (code != NC_OK) {
		db_free(db);
		return nc_err_wrap(err, code, "could not open the state");
	}
	nc_log(L_INFO, "store.opened", F_U64("seq", nc_db_seq(db)), F_U64("epoch", nc_db_epoch(db)),
		F_STR("log_id", db->identity.log_id),
		F_BOOL("writable", !nc_health_is_ill(db, NC_ILL_LOG, NULL)));
	*ret = db;
	return NC_OK;
}

void nc_db_close(nc_db *db)
{
	nc_sequencer_stop(db);
	nc_materialiser_stop(db);
	db_free(db);
}

const char *nc_db_log_id(const nc_db *db)
{
	return db->identity.log_id;
}

const char *nc_db_installation(const nc_db *db)
{
	return db->identity.installation;
}

uint64_t nc_db_epoch(const nc_db *db)
{
	return atomic_load_explicit(&db->epoch, memory_order_relaxed);
}

uint64_t nc_db_seq(const nc_db *db)
{
	return atomic_load_explicit(&db->seq, memory_order_relaxed);
}

uint64_t nc_db_applied(nc_db *db)
{
	return nc_pending_applied(db);
}
