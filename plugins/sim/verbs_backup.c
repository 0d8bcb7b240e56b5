/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backups: a point in time that is held from begin to end, and checkpoints from which changes are
 * counted. What a disk holds is drawn from its name (disk_data.c). Under the instance's lock.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdlib.h>
#include <string.h>

#include "guest.h"

#define GIB (1024LL * 1024 * 1024)

static const sim_disk_doc *find_disk(const sim_guest_doc *doc, const char *id)
{
	for (size_t i = 0; i < doc->n_disks; i++)
		if (strcmp(doc->disks[i].id, id) == 0)
			return &doc->disks[i];
	return NULL;
}

/* The disks the backup is of: those named, or all. */
static nc_code choose_disks(sim_call *call, const sim_guest_doc *doc, const char ***ret_ids,
	nc_backup_disk **ret_disks, size_t *ret_n, nc_error *err)
{
	const nc_backup_begin_request *req = call->req;
	size_t n = req->disks ? req->n_disks : doc->n_disks;
	const char **ids = nc_msg_alloc(call->mem, (n + 1) * sizeof(*ids));
	nc_backup_disk *disks = nc_msg_alloc(call->mem, (n + 1) * sizeof(*disks));

	if (!ids || !disks)
		return nc_plug_nomem(err);
	for (size_t i = 0; i < n; i++) {
		const sim_disk_doc *d = req->disks ? find_disk(doc, req->disks[i]) : &doc->disks[i];

		if (!d)
			return nc_plug_fail(err, NC_E_NOTFOUND, NC_ERR_USER_FAULT,
				"Take the ids of disks of the guest.",
				"guest \"%s\" has no disk \"%s\"", doc->native_id, req->disks[i]);
		ids[i] = d->id;
		disks[i] = (nc_backup_disk){ d->id, d->size_gib * GIB };
	}
	*ret_ids = ids;
	*ret_disks = disks;
	*ret_n = n;
	return NC_OK;
}

static unsigned long next_number(const sim_guest_doc *doc)
{
	unsigned long last = 0;

	for (size_t i = 0; i < doc->n_backups; i++) {
		const char *dash = strrchr(doc->backups[i].backup, '-');
		unsigned long n = dash ? strtoul(dash + 1, NULL, 10) : 0;

		last = n > last ? n : last;
	}
	return last + 1;
}

static nc_code check_checkpoint(
	const sim_guest_doc *doc, const nc_backup_begin_request *req, nc_error *err)
{
	bool is_taken = false;

	for (size_t i = 0; i < doc->n_checkpoints; i++)
		is_taken |= strcmp(doc->checkpoints[i], req->checkpoint) == 0;
	for (size_t i = 0; i < doc->n_backups; i++)
		is_taken |= strcmp(doc->backups[i].checkpoint, req->checkpoint) == 0;
	if (is_taken)
		return nc_plug_fail(err, NC_E_EXISTS, NC_ERR_USER_FAULT,
			"Give the checkpoint a name of its own.",
			"guest \"%s\" has a checkpoint \"%s\"", doc->native_id, req->checkpoint);
	if (req->has_quiesce && req->quiesce)
		return sim_check_running(doc, "to freeze its file systems", err);
	return NC_OK;
}

static nc_code backup_begin(sim_call *call, nc_error *err)
{
	const nc_backup_begin_request *req = call->req;
	nc_backup_begin_result *res = call->res;
	sim_backup_doc *list;
	nc_backup_disk *disks = NULL;
	const char **ids = NULL;
	sim_guest *g;
	sim_guest_doc doc;
	size_t n = 0;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc == NC_OK)
		rc = check_checkpoint(g->doc, req, err);
	if (rc == NC_OK)
		rc = choose_disks(call, g->doc, &ids, &disks, &n, err);
	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	list = sim_list_copy(call->mem, doc.backups, doc.n_backups, sizeof(*list), 1);
	res->backup = sim_format(call->mem, "%s.backup-%lu", doc.native_id, next_number(&doc));
	if (!list || !res->backup)
		return nc_plug_nomem(err);
	list[doc.n_backups++] =
		(sim_backup_doc){ res->backup, req->checkpoint, (const char *const *)ids, n };
	doc.backups = list;
	sim_txn_put_guest(&call->txn, &doc);
	res->native_id = doc.native_id;
	res->checkpoint = req->checkpoint;
	res->consistency = req->has_quiesce && req->quiesce ? NC_BACKUP_CONSISTENCY_FILESYSTEM
							    : NC_BACKUP_CONSISTENCY_CRASH;
	res->disks = disks;
	res->n_disks = n;
	res->obs_seq = (int64_t)call->txn.seq;
	return NC_OK;
}

static nc_code keep_checkpoint(
	sim_call *call, const sim_backup_doc *backup, sim_guest_doc *doc, nc_error *err)
{
	const char **list =
		sim_list_copy(call->mem, doc->checkpoints, doc->n_checkpoints, sizeof(*list), 1);

	if (!list)
		return nc_plug_nomem(err);
	list[doc->n_checkpoints++] = backup->checkpoint;
	doc->checkpoints = (const char *const *)list;
	return NC_OK;
}

static nc_code backup_end(sim_call *call, nc_error *err)
{
	const nc_backup_end_request *req = call->req;
	nc_backup_end_result *res = call->res;
	sim_backup_doc *list;
	sim_guest *g;
	sim_guest_doc doc;
	size_t at = 0;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc != NC_OK)
		return rc;
	doc = *g->doc;
	res->native_id = doc.native_id;
	res->obs_seq = doc.obs_seq;
	while (at < doc.n_backups && strcmp(doc.backups[at].backup, req->backup) != 0)
		at++;
	if (at == doc.n_backups)
		return NC_OK; /* the goal holds */
	if (req->keep_checkpoint)
		rc = keep_checkpoint(call, &doc.backups[at], &doc, err);
	list = sim_list_copy(call->mem, doc.backups, doc.n_backups, sizeof(*list), 0);
	if (rc != NC_OK || !list)
		return nc_plug_nomem(err);
	memmove(list + at, list + at + 1, (doc.n_backups - at - 1) * sizeof(*list));
	doc.backups = list;
	doc.n_backups--;
	sim_txn_put_guest(&call->txn, &doc);
	res->changed = true;
	res->obs_seq = (int64_t)call->txn.seq;
	return NC_OK;
}

const sim_verb sim_verbs_backup[] = {
	{ .name = "backup.begin",
		.request = &nc_backup_begin_request_msg,
		.result = &nc_backup_begin_result_msg,
		.act = backup_begin,
		.phase = "holding" },
	{ .name = "backup.end",
		.request = &nc_backup_end_request_msg,
		.result = &nc_backup_end_result_msg,
		.act = backup_end,
		.phase = "letting go" },
	{ .name = NULL },
};
