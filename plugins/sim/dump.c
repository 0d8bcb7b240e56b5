/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lives, written as records: the compaction of the truth file in small steps by the timer
 * thread, and the hand-off of an instance whose truth is in memory. Under the instance's lock; a
 * portion allocates nothing.
 */
#define NC_PLUG_DOMAIN "sim"
#include "dump.h"

#include <string.h>

#include "event.h"
#include "verb.h"

enum { STAGE_SMALL, STAGE_GUESTS, STAGE_OPS, STAGE_END };
#define HOSTS_A_STEP 64
#define OPS_A_STEP   512

#define STATE_VERSION 1u
#define STATE_PIECE   (512u << 10) /* of one write to the sink */

static sim_record record(const struct nc_inst *inst)
{
	return (sim_record){ .seq = (int64_t)inst->seq, .at_ms = sim_now_ms() };
}

static void emit_doc(
	const struct nc_inst *inst, sim_kind kind, const void *doc, sim_emit_fn emit, void *user)
{
	sim_record rec = record(inst);

	switch (kind) {
	case SIM_GUEST:
		rec.guests = doc;
		rec.n_guests = 1;
		break;
	case SIM_VOLUME:
		rec.volumes = doc;
		rec.n_volumes = 1;
		break;
	case SIM_NETWORK:
		rec.networks = doc;
		rec.n_networks = 1;
		break;
	default:
		rec.ports = doc;
		rec.n_ports = 1;
		break;
	}
	emit(user, &rec);
}

static void emit_begun(const struct nc_inst *inst, const sim_work *w, sim_emit_fn emit, void *user)
{
	sim_record rec = record(inst);

	rec.has_begin = true;
	rec.begin = (sim_begin_doc){ .key = w->known->key,
		.verb = w->verb->name,
		.target = w->target,
		.attempt = w->attempt,
		.due_ms = w->due_ms,
		.request = { w->request, w->request_len } };
	emit(user, &rec);
}

/* All that is little beside guests, and guests of hosts that are no longer configured. */
static void emit_small(const struct nc_inst *inst, sim_emit_fn emit, void *user)
{
	for (int k = 0; k < SIM_KINDS; k++) {
		const sim_map *m = &inst->world.by_id[k];

		for (size_t i = 0; i < m->cap; i++) {
			const void *value = m->slots[i].value;

			if (!m->slots[i].key ||
				(k == SIM_GUEST && ((const sim_guest *)value)->host) ||
				(k == SIM_NETWORK && !((const sim_network_doc *)value)->has_tag))
				continue;
			emit_doc(inst, (sim_kind)k, sim_doc_of((sim_kind)k, value), emit, user);
		}
	}
	for (size_t i = 0; i < inst->ops.by_key.cap; i++) {
		const sim_op *op = inst->ops.by_key.slots[i].value;

		if (inst->ops.by_key.slots[i].key && op->work && op->work->has_begun)
			emit_begun(inst, op->work, emit, user);
	}
}

static bool emit_guests(struct nc_inst *inst, sim_emit_fn emit, void *user)
{
	uint32_t end = inst->dump_host + HOSTS_A_STEP;

	if (end > inst->world.n_hosts)
		end = inst->world.n_hosts;
	for (; inst->dump_host < end; inst->dump_host++)
		for (const sim_guest *g = inst->world.hosts[inst->dump_host].guests; g; g = g->next)
			emit_doc(inst, SIM_GUEST, g->doc, emit, user);
	return end < inst->world.n_hosts;
}

static bool emit_ops(struct nc_inst *inst, sim_emit_fn emit, void *user)
{
	for (int i = 0; i < OPS_A_STEP && inst->ops.walk; i++) {
		const sim_op *op = inst->ops.walk;
		sim_record rec = record(inst);

		inst->ops.walk = op->newer;
		rec.has_end = true;
		rec.end = *op->end;
		emit(user, &rec);
		/* What is tried again stands after how it ended before, as it happened. */
		if (op->work && op->work->has_begun)
			emit_begun(inst, op->work, emit, user);
	}
	return inst->ops.walk != NULL;
}

void sim_dump_begin(struct nc_inst *inst)
{
	inst->dump_stage = STAGE_SMALL;
	inst->dump_host = 0;
}

bool sim_dump_next(struct nc_inst *inst, sim_emit_fn emit, void *user)
{
	switch (inst->dump_stage) {
	case STAGE_SMALL:
		emit_small(inst, emit, user);
		inst->dump_stage = STAGE_GUESTS;
		return true;
	case STAGE_GUESTS:
		if (!emit_guests(inst, emit, user)) {
			inst->dump_stage = STAGE_OPS;
			inst->ops.walk = inst->ops.oldest;
		}
		return true;
	case STAGE_OPS:
		if (!emit_ops(inst, emit, user))
			inst->dump_stage = STAGE_END;
		return true;
	default:
		return false;
	}
}

static uint64_t count_living(const struct nc_inst *inst)
{
	uint64_t n = inst->ops.n_ended + inst->n_works;

	for (int k = 0; k < SIM_KINDS; k++)
		n += inst->world.by_id[k].n;
	return n;
}

void sim_compact_if_due(struct nc_inst *inst)
{
	if (!inst->truth || inst->seq < inst->compact_from_seq ||
		!sim_truth_wants_compaction(inst->truth, count_living(inst)))
		return;
	inst->compact_from_seq = inst->seq + 4096; /* not at every act, should it fail */
	if (!sim_heap_reserve(&inst->heap, 1) ||
		sim_truth_compact_begin(inst->truth, inst->seq, NULL) != NC_OK)
		return;
	sim_dump_begin(inst);
	sim_heap_put(&inst->heap, &inst->compact_timer, sim_mono_ns());
	sim_wake(inst);
}

static void emit_to_truth(void *user, const sim_record *rec)
{
	sim_truth_compact_put(user, rec);
}

void sim_compact_step(struct nc_inst *inst)
{
	if (!sim_truth_is_compacting(inst->truth))
		return; /* given up: no room, most likely */
	if (sim_dump_next(inst, emit_to_truth, inst->truth)) {
		/* Acts that wait for the lock go first. */
		sim_heap_put(&inst->heap, &inst->compact_timer, sim_mono_ns() + 200000);
		return;
	}
	(void)sim_truth_compact_finish(inst->truth, inst->cfg->truth_fsync, NULL);
}

static void emit_to_buf(void *user, const sim_record *rec)
{
	(void)sim_truth_line(rec, user, NULL); /* the buffer's error is sticky */
}

nc_code sim_state_save(nc_inst *inst, uint32_t *ret_version, nc_sink *sink, nc_error *err)
{
	nc_plug_buf buf = NC_PLUG_BUF(NC_SINK_TOTAL_MAX);
	sim_record meta;
	nc_code rc = NC_OK;

	pthread_mutex_lock(&inst->lock);
	meta = record(inst);
	meta.has_meta = true;
	meta.meta = (sim_truth_meta){ STATE_VERSION, inst->cfg->seed };
	emit_to_buf(&buf, &meta);
	if (!inst->truth) { /* a file is handed on by its name */
		sim_dump_begin(inst);
		while (sim_dump_next(inst, emit_to_buf, &buf))
			;
	}
	pthread_mutex_unlock(&inst->lock);
	if (buf.error == NC_E_NOMEM)
		rc = nc_plug_nomem(err);
	else if (buf.error != NC_OK)
		rc = nc_plug_fail(err, NC_E_QUOTA, 0, "Keep the truth in a file (truth).",
			"the state in memory is larger than %u bytes", NC_SINK_TOTAL_MAX);
	for (size_t at = 0; rc == NC_OK && at < buf.len; at += STATE_PIECE) {
		size_t n = buf.len - at < STATE_PIECE ? buf.len - at : STATE_PIECE;

		rc = inst->host->sink_write(sink, buf.ptr + at, n);
		if (rc != NC_OK)
			nc_plug_fail(err, rc, 0, "Keep the truth in a file (truth).",
				"the host does not take the state");
	}
	nc_plug_buf_done(&buf);
	*ret_version = STATE_VERSION;
	return rc;
}

static nc_code load_lines(struct nc_inst *inst, const char *p, size_t left, nc_error *err)
{
	nc_code rc = NC_OK;

	while (rc == NC_OK && left > 0) {
		const char *end = memchr(p, '\n', left);
		size_t n = end ? (size_t)(end - p) : left;

		if (!end)
			return nc_plug_fail(err, NC_E_PROTO, 0, "Save it again.",
				"the state ends within a line");
		rc = sim_truth_parse(p, n, sim_replay, inst, err);
		p += n + 1;
		left -= n + 1;
	}
	return rc;
}

nc_code sim_state_load(nc_inst *inst, uint32_t version, nc_bytes blob, nc_error *err)
{
	nc_code rc = NC_OK;

	if (version == 0 || version > STATE_VERSION)
		return nc_plug_fail(err, NC_E_UNSUPPORTED, 0,
			"Use a version of the plugin at least as new as the one that saved it.",
			"a state of version %u; this plugin reads up to %u", version,
			STATE_VERSION);
	pthread_mutex_lock(&inst->lock);
	if (inst->n_acts || inst->world.by_id[SIM_GUEST].n)
		rc = nc_plug_fail(err, NC_E_CONFLICT, 0, "Load into an instance just created.",
			"this instance has guests or acts of its own");
	else if (!inst->truth)
		rc = load_lines(inst, blob.ptr, blob.len, err);
	if (rc == NC_OK && !inst->truth) {
		rc = sim_resume(inst, err);
		sim_events_after_replay(inst);
	}
	pthread_mutex_unlock(&inst->lock);
	sim_wake(inst);
	return rc;
}
