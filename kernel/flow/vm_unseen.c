/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMs of which a look at their provider told nothing. On a host that is not up a guest may run or
 * not: its power is unknown. Where the host is up and the driver, asked for all its guests, doesn't
 * name it, it is gone: the same, and the condition GuestMissing says so until it is seen again.
 * Nothing is done about it; an operator may make it anew or delete the VM. What changed after the
 * look began, or is being worked on, is not judged by it.
 *
 * The visit of the provider; blocking on the store alone.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "flow/internal.h"
#include "model/body.h"

#define BATCH 256

typedef struct look {
	nc_flow *f;
	const char *provider;
	const nc_nummap *listed;
	uint64_t seq;
	const nc_root *root; /* of one batch, as are those below */
	nc_arena *a;
	nc_txn *t;
	uint32_t n_staged, n_missing;
} look;

/* ---- one VM ---- */

static const char *text_of(nc_bytes json, char *out, size_t cap)
{
	if (json.len < 2 || json.len - 2 >= cap)
		return NULL;
	memcpy(out, (const char *)json.ptr + 1, json.len - 2);
	out[json.len - 2] = '\0';
	return out;
}

int nc_flow_host_is_up(const nc_root *r, const char *id)
{
	const nc_item *it = id ? nc_root_get(r, NC_KIND_HOST, nc_str(id)) : NULL;
	char word[16];
	const char *reach =
		it ? text_of(nc_body_member(nc_item_body(it), "reach"), word, sizeof(word)) : NULL;

	return reach && !strcmp(reach, nc_host_reach_words[NC_HOST_UP]);
}

static int is_listed(const look *x, const char *id, const char *native)
{
	return nc_nummap_get(x->listed, nc_hash(nc_str(id))) ||
	       (native && nc_nummap_get(x->listed, nc_hash(nc_str(native))));
}

/* Without opening the body: most are seen, at every look. */
static int may_be_unseen(const look *x, const nc_item *it)
{
	nc_bytes body = nc_item_body(it);
	char host[NC_DB_ID_MAX + 1];

	return it->rev <= x->seq &&
	       (!is_listed(x, nc_item_id(it), NULL) ||
		       !nc_flow_host_is_up(
			       x->root, text_of(nc_body_member(body, "host"), host, sizeof(host))));
}

static int should_be_there(const nc_vm *vm)
{
	int has_guest = vm->lifecycle >= NC_VM_ACTIVE && vm->lifecycle <= NC_VM_RESIZED;

	return has_guest && vm->host && vm->task == NC_VM_IDLE && !vm->move_to;
}

static const nc_condition *missing_of(const nc_vm *vm)
{
	for (size_t i = 0; i < vm->o.n_conditions; i++)
		if (!strcmp(vm->o.conditions[i].type, NC_GUEST_MISSING))
			return &vm->o.conditions[i];
	return NULL;
}

int nc_vm_guest_is_there(nc_vm *vm)
{
	const nc_condition *c = missing_of(vm);

	return c && strcmp(c->status, "false") != 0 &&
	       nc_object_condition(&vm->o, NC_GUEST_MISSING, "false", "Seen", NULL) == NC_OK;
}

static nc_code set_missing(nc_vm *vm, int *is_new)
{
	const nc_condition *c = missing_of(vm);

	*is_new = !c || strcmp(c->status, "true") != 0;
	if (!*is_new)
		return NC_OK;
	return nc_object_condition(&vm->o, NC_GUEST_MISSING, "true", "NotListed",
		"its provider names no such guest, and its host is up");
}

static nc_code judge(look *x, const nc_item *it, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_observed_load(x->f->observed, it, x->a, &o, err);
	int is_missing = 0;

	if (rc != NC_OK)
		return rc;
	nc_vm *vm = NC_AS(nc_vm, o);
	int is_up = nc_flow_host_is_up(x->root, vm->host);
	if (!should_be_there(vm) || (is_up && is_listed(x, o->id, vm->native_id)))
		return NC_OK;
	int is_changed = nc_vm_observe_power(vm, NC_POWER_UNKNOWN, nc_clock_wall_ms());
	if (is_up && set_missing(vm, &is_missing) != NC_OK)
		return nc_err_nomem(err);
	if (!is_changed && !is_missing)
		return NC_OK;
	x->n_staged++;
	x->n_missing += (uint32_t)is_missing;
	nc_flow_event(x->t, o, is_missing ? "vm.guest_missing" : "vm.power_changed", "system", NULL,
		NULL);
	return nc_model_put(x->t, o, err);
}

/* ---- all of them ---- */

static nc_code write_batch(look *x, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(64u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(x->f->db);
	nc_code rc = NC_OK;
	nc_bytes key;
	nc_walk w;

	if (!a || !t)
		return nc_err_nomem(err);
	x->a = a;
	x->t = t;
	x->n_staged = 0;
	x->root = nc_db_read_begin(x->f->db);
	nc_walk_init(&w, x->root, NC_KIND_VM, NC_IX_REF, nc_str(x->provider), (nc_bytes){ 0 },
		NC_ASCENDING);
	for (const nc_item *it; rc == NC_OK && x->n_staged < BATCH &&
				(it = nc_walk_next(&w, &key)) &&
				nc_bytes_eq(key, nc_str(x->provider));)
		if (may_be_unseen(x, it))
			rc = judge(x, it, err);
	nc_db_read_end(x->f->db);
	return rc == NC_OK && x->n_staged ? nc_txn_commit(nc_steal(&t), NULL, err) : rc;
}

nc_code nc_vms_unseen(
	nc_flow *f, const char *provider, const nc_nummap *listed, uint64_t seq, nc_error *err)
{
	look x = { .f = f, .provider = provider, .listed = listed, .seq = seq };
	nc_code rc;

	do
		rc = write_batch(&x, err);
	while (rc == NC_OK && x.n_staged == BATCH);
	if (x.n_missing)
		nc_log(L_WARN, "vm.guests.missing", F_STR("provider", provider),
			F_U64("vms", x.n_missing),
			F_STR("consequence", "their power is unknown until they are seen again"));
	/* A conflict means that somebody acts on one of them: the next look tells again. */
	return rc == NC_E_CONFLICT ? NC_OK : rc;
}
