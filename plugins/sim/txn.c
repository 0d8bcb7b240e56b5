/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts, one line of the truth each. All memory is taken before the line is written, so that
 * nothing can fail between the line and the world. Under the instance's lock; it must never call
 * the host.
 */
#define NC_PLUG_DOMAIN "sim"
#include "txn.h"

#include <stdlib.h>
#include <string.h>

#include "dump.h"

void sim_txn_init(sim_txn *t, struct nc_inst *inst)
{
	*t = (sim_txn){ .inst = inst, .seq = inst->seq + 1, .now_ms = sim_now_ms() };
}

void sim_txn_done(sim_txn *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->changes[i].doc);
		free(t->changes[i].native_id);
	}
	free(t->changes);
	t->changes = NULL;
	t->n = t->cap = 0;
}

static sim_change *add(sim_txn *t, sim_kind kind)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 4;
		sim_change *more = realloc(t->changes, cap * sizeof(*more));

		if (!more) {
			t->error = NC_E_NOMEM;
			return NULL;
		}
		t->changes = more;
		t->cap = cap;
	}
	t->changes[t->n] = (sim_change){ .kind = kind };
	return &t->changes[t->n++];
}

static void put(sim_txn *t, sim_kind kind, const void *doc)
{
	sim_change *c = add(t, kind);

	if (!c)
		return;
	c->doc = nc_msg_pack(sim_kind_msg(kind), doc);
	if (!c->doc) {
		t->error = NC_E_NOMEM;
		t->n--;
	}
}

void sim_txn_put_guest(sim_txn *t, const sim_guest_doc *draft)
{
	sim_guest_doc doc = *draft;

	doc.obs_seq = (int64_t)t->seq;
	put(t, SIM_GUEST, &doc);
}

void sim_txn_put_volume(sim_txn *t, const sim_volume_doc *draft)
{
	sim_volume_doc doc = *draft;

	doc.obs_seq = (int64_t)t->seq;
	put(t, SIM_VOLUME, &doc);
}

void sim_txn_put_network(sim_txn *t, const sim_network_doc *draft)
{
	sim_network_doc doc = *draft;

	doc.obs_seq = (int64_t)t->seq;
	put(t, SIM_NETWORK, &doc);
}

void sim_txn_put_port(sim_txn *t, const sim_port_doc *draft)
{
	sim_port_doc doc = *draft;

	doc.obs_seq = (int64_t)t->seq;
	put(t, SIM_PORT, &doc);
}

void sim_txn_del(sim_txn *t, sim_kind kind, const char *native_id)
{
	sim_change *c = add(t, kind);

	if (!c)
		return;
	c->native_id = strdup(native_id);
	if (!c->native_id) {
		t->error = NC_E_NOMEM;
		t->n--;
	}
}

/* The documents of one kind side by side, as a record wants them; shallow, for the line only. */
static const void *gather(
	const sim_txn *t, sim_kind kind, nc_msg_mem *mem, size_t *ret_n, bool *ret_ok)
{
	size_t size = sim_kind_msg(kind)->size, n = 0;
	char *docs;

	for (size_t i = 0; i < t->n; i++)
		n += t->changes[i].kind == kind && t->changes[i].doc;
	*ret_n = n;
	if (n == 0)
		return NULL;
	docs = nc_msg_alloc(mem, n * size);
	if (!docs) {
		*ret_ok = false;
		return NULL;
	}
	n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (t->changes[i].kind == kind && t->changes[i].doc)
			memcpy(docs + n++ * size, t->changes[i].doc, size);
	return docs;
}

static const sim_gone_doc *gather_gone(
	const sim_txn *t, nc_msg_mem *mem, size_t *ret_n, bool *ret_ok)
{
	sim_gone_doc *gone;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += !t->changes[i].doc;
	*ret_n = n;
	if (n == 0)
		return NULL;
	gone = nc_msg_alloc(mem, n * sizeof(*gone));
	if (!gone) {
		*ret_ok = false;
		return NULL;
	}
	n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (!t->changes[i].doc)
			gone[n++] = (sim_gone_doc){ (int32_t)t->changes[i].kind + 1,
				t->changes[i].native_id };
	return gone;
}

_Static_assert((int)SIM_DOC_KIND_GUEST == (int)SIM_GUEST + 1 &&
		       (int)SIM_DOC_KIND_PORT == (int)SIM_PORT + 1,
	"kinds in the truth and in memory go alike");

static nc_code write_line(
	sim_txn *t, const sim_begin_doc *begin, const sim_end_doc *end, nc_error *err)
{
	nc_msg_mem mem = { 0 };
	sim_record rec = { .seq = (int64_t)t->seq, .at_ms = t->now_ms };
	bool ok = true;
	nc_code rc;

	rec.guests = gather(t, SIM_GUEST, &mem, &rec.n_guests, &ok);
	rec.volumes = gather(t, SIM_VOLUME, &mem, &rec.n_volumes, &ok);
	rec.networks = gather(t, SIM_NETWORK, &mem, &rec.n_networks, &ok);
	rec.ports = gather(t, SIM_PORT, &mem, &rec.n_ports, &ok);
	rec.gone = gather_gone(t, &mem, &rec.n_gone, &ok);
	if (begin) {
		rec.begin = *begin;
		rec.has_begin = true;
	}
	if (end) {
		rec.end = *end;
		rec.has_end = true;
	}
	rc = ok ? sim_truth_append(t->inst->truth, &rec, t->inst->cfg->truth_fsync, err)
		: nc_plug_nomem(err);
	nc_msg_done(&mem);
	return rc;
}

static bool reserve(sim_txn *t)
{
	size_t n[SIM_KINDS] = { 0 };

	for (size_t i = 0; i < t->n; i++)
		n[t->changes[i].kind]++;
	for (int k = 0; k < SIM_KINDS; k++)
		if (n[k] && !sim_world_reserve(&t->inst->world, (sim_kind)k, n[k]))
			return false;
	return true;
}

nc_code sim_txn_commit(
	sim_txn *t, const sim_begin_doc *begin, const sim_end_doc *end, nc_error *err)
{
	nc_code rc = NC_OK;

	if (t->error != NC_OK || !reserve(t))
		return nc_plug_nomem(err);
	if (t->inst->truth)
		rc = write_line(t, begin, end, err);
	if (rc != NC_OK)
		return rc;
	for (size_t i = 0; i < t->n; i++) {
		sim_change *c = &t->changes[i];

		if (c->doc)
			sim_world_put(&t->inst->world, c->kind, c->doc);
		else
			sim_world_del(&t->inst->world, c->kind, c->native_id);
		c->doc = NULL;
	}
	t->inst->seq = t->seq;
	t->inst->n_acts++;
	sim_compact_if_due(t->inst);
	return NC_OK;
}
