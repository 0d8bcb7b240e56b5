/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The truth read back: each record does to the world what its act did. At the start, before any
 * thread, or under the lock when a state is loaded.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdlib.h>
#include <string.h>

#include "verb.h"

static nc_code put_docs(sim_world *w, sim_kind kind, const void *docs, size_t n, nc_error *err)
{
	const nc_msg *msg = sim_kind_msg(kind);

	if (n && !sim_world_reserve(w, kind, n))
		return nc_plug_nomem(err);
	for (size_t i = 0; i < n; i++) {
		void *packed = nc_msg_pack(msg, (const char *)docs + i * msg->size);

		if (!packed)
			return nc_plug_nomem(err);
		sim_world_put(w, kind, packed);
	}
	return NC_OK;
}

static nc_code put_all(sim_world *w, const sim_record *rec, nc_error *err)
{
	nc_code rc = put_docs(w, SIM_GUEST, rec->guests, rec->n_guests, err);

	if (rc == NC_OK)
		rc = put_docs(w, SIM_VOLUME, rec->volumes, rec->n_volumes, err);
	if (rc == NC_OK)
		rc = put_docs(w, SIM_NETWORK, rec->networks, rec->n_networks, err);
	if (rc == NC_OK)
		rc = put_docs(w, SIM_PORT, rec->ports, rec->n_ports, err);
	for (size_t i = 0; rc == NC_OK && i < rec->n_gone; i++)
		sim_world_del(w, (sim_kind)(rec->gone[i].kind - 1), rec->gone[i].native_id);
	return rc;
}

static nc_code replay_end(struct nc_inst *inst, const sim_end_doc *end, nc_error *err)
{
	sim_op *known = sim_ops_get(&inst->ops, end->key);
	sim_end_doc *packed = nc_msg_pack(&sim_end_doc_msg, end);

	if (!known)
		known = sim_ops_add(&inst->ops, end->key);
	if (!known || !packed) {
		free(packed);
		return nc_plug_nomem(err);
	}
	if (known->work)
		sim_work_free(inst, known->work);
	sim_ops_end(&inst->ops, known, packed, (uint64_t)inst->cfg->remember_ops);
	return NC_OK;
}

static nc_code replay_begin(struct nc_inst *inst, const sim_begin_doc *begin, nc_error *err)
{
	sim_attempt a = { .verb = sim_verb_find(begin->verb),
		.known = sim_ops_get(&inst->ops, begin->key),
		.target = begin->target,
		.request = begin->request,
		.number = begin->attempt };
	sim_work *w;

	if (!a.verb)
		return nc_plug_fail(err, NC_E_UNSUPPORTED, 0,
			"Use a version of the plugin at least as new as the one that wrote it.",
			"the truth has a verb \"%s\" begun", begin->verb);
	if (!a.known)
		a.known = sim_ops_add(&inst->ops, begin->key);
	if (!a.known)
		return nc_plug_nomem(err);
	if (a.known->work)
		sim_work_free(inst, a.known->work);
	w = sim_work_new(inst, &a, (nc_op){ 0 }, err);
	if (!w)
		return NC_E_NOMEM;
	w->has_begun = true;
	w->due_ms = begin->due_ms;
	return NC_OK;
}

nc_code sim_replay(void *user, const sim_record *rec, nc_error *err)
{
	struct nc_inst *inst = user;
	nc_code rc = NC_OK;

	if (rec->has_meta && rec->meta.version != 1)
		return nc_plug_fail(err, NC_E_UNSUPPORTED, 0,
			"Use a version of the plugin at least as new as the one that wrote it.",
			"a truth of version %lld", (long long)rec->meta.version);
	rc = put_all(&inst->world, rec, err);
	if (rc == NC_OK && rec->has_end)
		rc = replay_end(inst, &rec->end, err);
	if (rc == NC_OK && rec->has_begin)
		rc = replay_begin(inst, &rec->begin, err);
	if ((uint64_t)rec->seq > inst->seq)
		inst->seq = (uint64_t)rec->seq;
	return rc;
}

nc_code sim_resume(struct nc_inst *inst, nc_error *err)
{
	const sim_map *m = &inst->ops.by_key;
	int64_t now_ms = sim_now_ms();

	for (size_t i = 0; i < m->cap; i++) {
		const sim_op *op = m->slots[i].value;

		if (!m->slots[i].key || !op->work || op->work->timer.at)
			continue;
		if (!sim_heap_reserve(&inst->heap, 1))
			return nc_plug_nomem(err);
		op->work->fate = sim_fate_for(inst, op->work);
		sim_work_schedule(
			inst, op->work, op->work->due_ms > now_ms ? op->work->due_ms - now_ms : 0);
	}
	return NC_OK;
}
