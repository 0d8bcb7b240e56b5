/* SPDX-License-Identifier: Apache-2.0 */
#include "store/care.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "store/db_internal.h"
#include "store/meta.h"

/*
 * Backup of an open state; the mark on a restored one before it is opened, and the end of one that
 * has lost records. Workers, and the command line's own thread.
 */

nc_code nc_db_backup(nc_db *db, int fd, nc_error *err)
{
	nc_pending *p = &db->pending;
	if (!NC_HAS(db->store, backup))
		return nc_err(err, NC_E_UNSUPPORTED, "the store plugin has no backup");
	pthread_mutex_lock(&p->pending_lock);
	p->backups++; /* a trim would wait for it, and all that is to be written behind the trim */
	pthread_mutex_unlock(&p->pending_lock);
	nc_code code = db->store->backup(db->inst, (nc_op){ 0 }, fd, err);
	pthread_mutex_lock(&p->pending_lock);
	p->backups--;
	pthread_mutex_unlock(&p->pending_lock);
	return code;
}

/* What identity.c needs of a database that is not open. */
static nc_db *shell_of(const nc_store *table, nc_inst *inst, const char *node)
{
	nc_db *db = nc_calloc(1, sizeof(*db));
	if (!db)
		return NULL;
	db->store = table;
	db->inst = inst;
	snprintf(db->node, sizeof(db->node), "%s", node);
	return db;
}

typedef struct tail_walk {
	nc_db *db;
	uint64_t last;
	nc_error err;
} tail_walk;

static nc_code see_record(void *arg, uint64_t seq, nc_bytes raw)
{
	tail_walk *w = arg;
	nc_record r;
	nc_record_entry e;
	nc_code code = nc_record_open(raw, &r, &w->err);
	if (code != NC_OK)
		return code;
	w->last = seq;
	nc_record_iter it = nc_record_entries(&r);
	while (code == NC_OK && nc_record_next(&it, &e)) {
		if (e.tag == NC_TAG_IDENTITY)
			code = nc_identity_seen(w->db, &e.identity, &w->err);
	}
	return code;
}

static nc_code find_identity(nc_db *db, uint64_t head, nc_error *err)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	tail_walk w = { .db = db };
	nc_code code = db->store->head(db->inst, &h, err);
	if (code != NC_OK || head == h.applied_seq)
		return code;
	w.last = h.applied_seq;
	nc_err_clear(&w.err);
	code = db->store->read(db->inst, h.applied_seq, 0, see_record, &w, err);
	if (w.err.code != NC_OK) {
		nc_err_copy(err, &w.err);
		return w.err.code;
	}
	if (code == NC_OK && w.last != head)
		return nc_err(err, NC_E_PROTO, "the log ends at record %llu, and its head is %llu",
			(unsigned long long)w.last, (unsigned long long)head);
	return code;
}

static nc_code mark(nc_db *db, nc_error *err)
{
	uint64_t epoch = 0, head = 0;
	nc_code code = nc_identity_load(db, err);
	if (code == NC_OK)
		code = db->store->lead(db->inst, db->node, NC_LEASE_MS, &epoch, &head, err);
	if (code == NC_OK)
		code = find_identity(db, head, err);
	if (code != NC_OK)
		return code;
	if (db->identity.installation[0] == '\0')
		return nc_err(err, NC_E_NOTFOUND, "the store holds no state");
	nc_ulid_make(db->identity.log_id);
	db->identity.flags = NC_IDENTITY_RESTORED;
	return nc_epoch_append(db, epoch, head, err);
}

nc_code nc_db_mark_restored(const nc_store *table, nc_inst *inst, const char *node,
	char ret_log_id[NC_ULID_LEN + 1], nc_error *err)
{
	_cleanup_(nc_freep) nc_db *db = shell_of(table, inst, node);
	nc_code code = db ? mark(db, err) : nc_err_nomem(err);
	if (code != NC_OK)
		return nc_err_wrap(err, code, "could not mark the state as restored");
	memcpy(ret_log_id, db->identity.log_id, NC_ULID_LEN + 1);
	nc_log(L_INFO, "store.restored", F_STR("installation", db->identity.installation),
		F_STR("log_id", ret_log_id));
	return NC_OK;
}

static nc_code settle_loss(nc_db *db, nc_fault_fn fn, void *ctx, uint64_t *ret_n, nc_error *err)
{
	const nc_damage *d = &db->damage;
	nc_error why = NC_ERROR_INIT;
	*ret_n = 0;
	for (uint32_t i = 0; i < d->n_holes; i++)
		*ret_n += d->holes[i].last - d->holes[i].first + 1;
	if (*ret_n == 0)
		return NC_OK;
	if (nc_health_is_ill(db, NC_ILL_LOG, &why)) {
		nc_err_copy(err, &why);
		return why.code;
	}
	nc_db_damage(db, fn, ctx);
	return nc_db_trim_log(db, d->holes[d->n_holes - 1].last, err);
}

nc_code nc_db_accept_loss(const nc_db_options *o, nc_fault_fn fn, void *ctx, uint64_t *ret_n,
	char ret_log_id[NC_ULID_LEN + 1], nc_error *err)
{
	_cleanup_(nc_db_closep) nc_db *db = NULL;
	nc_db_options own = *o;
	own.accepts_loss = 1;
	nc_code code = nc_db_open(&own, &db, err);
	if (code != NC_OK)
		return code;
	code = settle_loss(db, fn, ctx, ret_n, err);
	if (code != NC_OK)
		return nc_err_wrap(err, code, "could not go on without what is lost");
	memcpy(ret_log_id, nc_db_log_id(db), NC_ULID_LEN + 1);
	return NC_OK;
}
