/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of migrations that ended in doubt: nobody could say on which of two hosts the guest is, so
 * both are held and no verb is taken. At each look at its provider the driver is asked again what
 * became of the call that was out last. That it was done says where the guest is; that it failed, or
 * that it was never heard of, says only that no copy runs (drivers forget), and then the guests it
 * lists after that decide, if both hosts are up and one of them alone has it. Anything else is no
 * answer: it is asked more and more rarely, and an operator may say it.
 *
 * The visit of the provider; blocking.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "flow/acts.h"
#include "flow/vm_move.h"
#include "model/body.h"
#include "model/problem.h"

#define ANSWER_MAX_US 10000000 /* of one question */
#define WATCH_S       2        /* how long a copy that still runs is waited for */
#define ASKED_MAX     16       /* at one look */
#define REST_MAX      32       /* looks that are let pass before it is asked again */

typedef struct doubt {
	char vm[NC_DB_ID_MAX + 1];
	uint32_t rest, looks_left;
	int is_over; /* no copy runs: where it is listed decides */
} doubt;

struct nc_doubts {
	doubt *list;
	size_t n;
};

nc_doubts *nc_doubts_new(void)
{
	return nc_calloc(1, sizeof(nc_doubts));
}

void nc_doubts_free(nc_doubts *d)
{
	if (!d)
		return;
	nc_free(d->list);
	nc_free(d);
}

/* ---- which ones ---- */

static int is_id(nc_bytes json, const char *id)
{
	size_t n = strlen(id);

	return json.len == n + 2 && !memcmp((const char *)json.ptr + 1, id, n);
}

/* Without opening the body: any VM in error is looked at. */
static int is_in_doubt(const nc_item *it, const char *provider)
{
	nc_bytes body = nc_item_body(it);

	return nc_body_member(body, "move_operation").len > 2 &&
	       is_id(nc_body_member(body, "provider"), provider);
}

static void add(const nc_doubts *before, nc_doubts *now, const char *vm)
{
	doubt *list = nc_realloc(now->list, (now->n + 1) * sizeof(*list));

	if (!list)
		return; /* the next look finds it */
	now->list = list;
	now->list[now->n] = (doubt){ .rest = 0 };
	for (size_t i = 0; i < before->n; i++)
		if (!strcmp(before->list[i].vm, vm))
			now->list[now->n] = before->list[i];
	now->list[now->n].is_over = 0;
	snprintf(now->list[now->n++].vm, sizeof(list->vm), "%s", vm);
}

static void find_all(nc_doubts *d, nc_flow *f, const char *provider)
{
	nc_bytes status = nc_str(nc_vm_status_words[NC_VM_STATUS_ERROR]), key;
	nc_doubts now = { .n = 0 };
	nc_walk w;

	const nc_root *r = nc_db_read_begin(f->db);
	nc_walk_init(&w, r, NC_KIND_VM, NC_IX_STATUS, status, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; (it = nc_walk_next(&w, &key)) && nc_bytes_eq(key, status);)
		if (is_in_doubt(it, provider))
			add(d, &now, nc_item_id(it));
	nc_db_read_end(f->db);
	nc_free(d->list);
	*d = now;
}

/* ---- a question, and the answer ---- */

typedef struct question {
	nc_flow *f;
	nc_arena *a;
	nc_vm *vm; /* as of before it was asked: what changed since refuses the record */
	nc_operation *op;
} question;

static nc_code load(question *q, const char *id, nc_error *err)
{
	nc_object *o = NULL;
	const nc_root *r = nc_db_read_begin(q->f->db);
	nc_code rc = nc_model_get(r, &nc_kind_vm, id, q->a, &o, err);
	nc_db_read_end(q->f->db);

	if (rc != NC_OK)
		return rc;
	q->vm = NC_AS(nc_vm, o);
	if (!q->vm->move_operation || q->vm->task != NC_VM_IDLE || !q->vm->host || !q->vm->move_to)
		return NC_E_CONFLICT;
	rc = nc_model_find(q->f->db, &nc_kind_operation, q->vm->move_operation, q->a, &o, err);
	if (rc == NC_OK)
		q->op = NC_AS(nc_operation, o);
	return rc;
}

static nc_opctx context_of(const question *q, const nc_root *r)
{
	return (nc_opctx){ .db = q->f->db,
		.root = r,
		.arena = q->a,
		.op = q->op,
		.target = &q->vm->o,
		.user = q->f };
}

/* ---- what it says ---- */

typedef enum { SAYS_NOTHING, SAYS_RUNS, SAYS_OVER, SAYS_WHERE } saying;

static saying meaning_of(const nc_recovered *a)
{
	if (a->state == NC_REC_DONE)
		return SAYS_WHERE;
	if (a->state == NC_REC_ABSENT || a->state == NC_REC_FAILED)
		return SAYS_OVER;
	if (a->state != NC_REC_RUNNING)
		return SAYS_NOTHING;
	switch (a->outcome) {
	case NC_DONE:
		return SAYS_WHERE;
	case NC_CANCELLED:
	case NC_FAILED_NO_EFFECT:
	case NC_FAILED_PARTIAL:
		return SAYS_OVER;
	case NC_DETACHED:
		return SAYS_RUNS;
	default:
		return SAYS_NOTHING;
	}
}

/* Which of its two hosts a driver's name means; 0 = neither. */
static int is_one_of_both(const question *q, const nc_root *r, const char *name, nc_move_end *ret)
{
	nc_opctx c = context_of(q, r);
	const char *here = nc_vm_move_host(&c, q->vm->host, NULL);
	const char *there = nc_vm_move_host(&c, q->vm->move_to, NULL);

	if (!name || !here || !there || !strcmp(here, there))
		return 0;
	*ret = strcmp(name, there) ? NC_MOVE_STAYED : NC_MOVE_ARRIVED;
	return !strcmp(name, here) || !strcmp(name, there);
}

/* ---- the end ---- */

typedef struct finding {
	nc_move_end how;
	nc_vm_power power;
	const char *why;
} finding;

static void set_free(nc_vm *vm, nc_vm_power power)
{
	nc_vm_lifecycle meant =
		vm->desired_state == NC_VM_WANT_STOPPED ? NC_VM_STOPPED : NC_VM_ACTIVE;

	if (power != NC_POWER_UNKNOWN)
		vm->power = power;
	nc_vm_reset_state(vm, nc_vm_effective(meant, vm->power));
	vm->is_locked = 0; /* by who abandoned it, until this was known */
	vm->locked_reason = NULL;
}

static nc_code stage(
	const question *q, nc_txn *t, const nc_root *r, const finding *x, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf decision;
	char id[NC_DB_ID_MAX + 1];
	nc_vm *vm = q->vm;
	const char *operation = vm->move_operation;

	nc_buf_init(&decision, 64u << 10);
	nc_code rc = nc_vm_end_move(q->f, t, r, vm, x->how, err);
	if (rc != NC_OK)
		return rc;
	set_free(vm, x->power);
	nc_place_req req = {
		.consumer = vm->o.id, .project = vm->o.project, .provider = vm->provider
	};
	nc_sched_told(q->f->sched, &req, vm->host, x->why, id, &decision);
	if (nc_buf_failed(&decision))
		return nc_err_nomem(err);
	nc_txn_put(t, NC_KIND_DECISION, nc_str(id), NULL, 0, nc_buf_bytes(&decision), NC_COLD);
	if ((rc = nc_model_put(t, &vm->o, err)) != NC_OK)
		return rc;
	nc_flow_event(t, &vm->o, "vm.migration_settled", "system", operation, id);
	return NC_OK;
}

static void settle(const question *q, const finding *x)
{
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(q->f->db);
	nc_error err = NC_ERROR_INIT;

	if (!t)
		return;
	const nc_root *r = nc_db_read_begin(q->f->db);
	nc_code rc = stage(q, t, r, x, &err);
	nc_db_read_end(q->f->db);
	if (rc == NC_OK)
		rc = nc_txn_commit(nc_steal(&t), NULL, &err);
	if (rc == NC_OK)
		nc_log(L_INFO, "vm.migration.settled", F_STR("vm", q->vm->o.id),
			F_STR("host", q->vm->host), F_STR("why", x->why));
	else if (rc != NC_E_CONFLICT) /* that: somebody acts on it, or has said it */
		nc_log(L_WARN, "vm.migration.unsettled", F_STR("vm", q->vm->o.id), F_ERR(&err),
			F_STR("consequence", "trying again at the next look"));
}

/* It was done: the answer names the host. */
static int settle_by_answer(const question *q, const nc_recovered *a)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	finding x = { .power = NC_POWER_UNKNOWN };

	if (nc_json_parse(nc_buf_bytes(&a->result), NC_RESULT_MAX, &j, NULL) != NC_OK)
		return 0;
	const char *name = json_string_value(json_object_get(j, "host"));
	const nc_root *r = nc_db_read_begin(q->f->db);
	int is_told = is_one_of_both(q, r, name, &x.how);
	nc_db_read_end(q->f->db);
	if (!is_told)
		return 0;
	x.power = nc_vmres_power(j);
	x.why = nc_arena_printf(q->a,
		"asked again what became of %s, the driver says that it is done and the guest is "
		"on %s",
		q->vm->move_operation, name);
	if (x.why)
		settle(q, &x);
	return 1;
}

static saying ask_one(nc_flow *f, const char *vm)
{
	_cleanup_(nc_arena_freep) nc_arena *arena = nc_arena_new(4u << 20);
	_cleanup_(nc_recovered_done) nc_recovered a;
	question q = { .f = f, .a = arena };
	nc_op_call call = { .deadline_us = ANSWER_MAX_US };
	nc_error err = NC_ERROR_INIT;
	const char *key = NULL;

	nc_buf_init(&a.result, NC_RESULT_MAX);
	nc_code rc = arena ? load(&q, vm, &err) : NC_E_NOMEM;
	if (rc != NC_OK)
		return SAYS_NOTHING;
	const nc_root *r = nc_db_read_begin(f->db);
	nc_opctx c = context_of(&q, r);
	rc = nc_vm_move_question(&c, q.vm, &call, &key, &err);
	nc_db_read_end(f->db);
	if (rc == NC_OK)
		rc = nc_flow_recover(f, &call, key, WATCH_S, &a, &err);
	if (rc != NC_OK)
		return SAYS_NOTHING;
	saying s = meaning_of(&a);
	if (s == SAYS_WHERE && !settle_by_answer(&q, &a))
		return SAYS_NOTHING;
	return s;
}

/* ---- where it is listed ---- */

static int is_up(const question *q, const nc_root *r, const char *host)
{
	nc_object *o = NULL;

	return nc_model_get(r, &nc_kind_host, host, q->a, &o, NULL) == NC_OK &&
	       NC_AS(nc_host_obj, o)->reach == NC_HOST_UP;
}

/* The one host that has it, if that is one of both, and the other is up and has it not. */
static const json_t *find_guest(
	const question *q, const nc_root *r, const json_t *guests, nc_move_end *ret)
{
	const json_t *found = NULL;

	if (!is_up(q, r, q->vm->host) || !is_up(q, r, q->vm->move_to))
		return NULL;
	for (size_t i = 0; i < json_array_size(guests); i++) {
		const json_t *guest = json_array_get(guests, i);
		const json_t *tag = json_object_get(guest, "tag");
		const char *object = json_string_value(json_object_get(tag, "object"));
		if (strcmp(object, q->vm->o.id) != 0)
			continue;
		if (found)
			return NULL;
		found = guest;
	}
	const char *name = json_string_value(json_object_get(found, "host"));
	return is_one_of_both(q, r, name, ret) ? found : NULL;
}

static int settle_by_list(nc_flow *f, const char *vm, const json_t *guests)
{
	_cleanup_(nc_arena_freep) nc_arena *arena = nc_arena_new(4u << 20);
	question q = { .f = f, .a = arena };
	finding x = { .power = NC_POWER_UNKNOWN };
	nc_error err = NC_ERROR_INIT;

	if (!arena || load(&q, vm, &err) != NC_OK)
		return 0;
	const nc_root *r = nc_db_read_begin(f->db);
	const json_t *guest = find_guest(&q, r, guests, &x.how);
	nc_db_read_end(f->db);
	if (!guest)
		return 0;
	x.power = nc_vmres_power(guest);
	x.why = nc_arena_printf(arena,
		"asked again what became of %s, the driver says that nothing of it runs, and after "
		"that lists the guest on %s alone",
		q.vm->move_operation, json_string_value(json_object_get(guest, "host")));
	if (x.why)
		settle(&q, &x);
	return 1;
}

/* ---- a look ---- */

/* Nothing certain: the more often, the longer it is left alone. */
static void put_off(doubt *d)
{
	d->rest = d->rest ? NC_MIN(2 * d->rest, (uint32_t)REST_MAX) : 1;
	d->looks_left = d->rest;
}

static size_t ask_all(nc_doubts *d, nc_flow *f)
{
	size_t n_over = 0;
	int n_asked = 0;

	for (size_t i = 0; i < d->n && n_asked < ASKED_MAX; i++) {
		doubt *x = &d->list[i];
		if (x->looks_left) {
			x->looks_left--;
			continue;
		}
		n_asked++;
		saying s = ask_one(f, x->vm);
		x->is_over = s == SAYS_OVER;
		n_over += s == SAYS_OVER;
		if (s == SAYS_NOTHING)
			put_off(x);
	}
	return n_over;
}

typedef struct listing {
	nc_flow *f;
	const nc_doubts *d;
	json_t *guests; /* those in doubt */
} listing;

static nc_code on_listed(void *ctx, json_t *guest, nc_error *err)
{
	listing *x = ctx;
	const json_t *tag = json_object_get(guest, "tag");
	const char *object = json_string_value(json_object_get(tag, "object"));
	int is_asked = 0;

	for (size_t i = 0; object && !is_asked && i < x->d->n; i++)
		is_asked = x->d->list[i].is_over && !strcmp(x->d->list[i].vm, object);
	if (!is_asked || !nc_flow_is_ours(x->f, tag))
		return NC_OK;
	return json_array_append(x->guests, guest) ? nc_err_nomem(err) : NC_OK;
}

void nc_doubts_settle(nc_doubts *d, nc_flow *f, const char *provider)
{
	_cleanup_(nc_json_decrefp) json_t *guests = json_array();
	listing x = { .f = f, .d = d, .guests = guests };

	find_all(d, f, provider);
	if (!guests || !ask_all(d, f))
		return;
	/* Asked for after those answers: an older list may be from when a copy ran. */
	if (nc_flow_ask_each(f, provider, "compute.inventory", on_listed, &x, NULL) != NC_OK)
		json_array_clear(guests);
	for (size_t i = 0; i < d->n; i++)
		if (d->list[i].is_over && !settle_by_list(f, d->list[i].vm, guests))
			put_off(&d->list[i]);
}

/* ---- said by an operator ---- */

nc_code nc_vm_say_host(nc_stage *s, const nc_root *r, const char *host, nc_error *err)
{
	nc_vm *vm = NC_AS(nc_vm, s->object);
	const nc_item *it = NULL;
	nc_reach all = { .is_everywhere = 1 };

	if (!vm->move_to && !host)
		return NC_OK;
	if (!host) {
		nc_problem_err(err, "conflict", "on which of two hosts vm %s is, is not known",
			vm->o.name);
		return nc_err_hint(
			err, NC_E_CONFLICT, "look, and say it with host: one keeps its claim");
	}
	nc_code rc = nc_model_resolve(r, &nc_kind_host, &all, host, &it, &s->a->candidates, err);
	if (rc != NC_OK)
		return rc;
	int is_there = vm->move_to && !strcmp(nc_item_id(it), vm->move_to);
	if (!is_there && (!vm->host || strcmp(nc_item_id(it), vm->host)))
		return nc_err(err, NC_E_INVAL, "host: vm %s is not on %s%s", vm->o.name, host,
			vm->move_to ? ", nor on its way there" : "");
	if (!vm->move_to)
		return NC_OK;
	return nc_vm_end_move(
		s->a->flow, s->txn, r, vm, is_there ? NC_MOVE_ARRIVED : NC_MOVE_STAYED, err);
}
