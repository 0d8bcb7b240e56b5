/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_util.h"

/*
 * Random transactions against a model of what they should do, with a store that fails at random,
 * crashes that lose what was not durable, and everything compared again and again: items, every
 * index in order, cold items, lane entries. The seed is printed.
 */

enum { KINDS = 3, IDS = 60, NAMES = 90, STATUSES = 4, LABELS = 6, OPS_MAX = 6, FLIGHT = 40 };

typedef struct fields {
	int exists;
	int name, status, label; /* -1 = none */
	int is_cold;
	uint64_t rev;
	uint32_t body;
} fields;

typedef struct change {
	int kind, id, is_del;
	fields to;
} change;

enum { E_REV, E_EXISTS, E_UNUSED };
typedef struct expect {
	int type; /* E_* */
	int id, label;
	uint64_t rev;
} expect;

typedef struct plan {
	change ops[OPS_MAX];
	int n_ops;
	expect expects[2];
	int n_expects;
	uint32_t token; /* its lane entry */
	/* the answer */
	_Atomic int is_answered;
	nc_code code;
	uint64_t seq;
	uint32_t flags;
	char message[320];
} plan;

typedef struct world {
	memstore *m;
	nc_db *db;
	fields item[KINDS][IDS];
	plan flight[FLIGHT];
	int n_flight;
	uint32_t tokens; /* given out */
	uint64_t entry_seq[1 << 16];
	uint32_t entry_token[1 << 16]; /* of the lane, in order */
	uint32_t n_entries;
	uint64_t lane_oldest;
	int may_fail; /* the store was told to */
	uint64_t applied, refused, unavailable, unknown;
} world;

static uint32_t pick(uint32_t n)
{
	return (uint32_t)(nc_test_random() % n);
}

static const uint16_t kind_of[KINDS] = { K_VM, K_OP, K_NET };

static nc_bytes id_text(int kind, int id, char out[16])
{
	static const char *const prefix[KINDS] = { "vm", "op", "net" };
	snprintf(out, 16, "%s_%03d", prefix[kind], id);
	return nc_str(out);
}

static nc_bytes text(const char *prefix, int n, char out[16])
{
	snprintf(out, 16, "%s-%02d", prefix, n % 100000);
	return nc_str(out);
}

/* ---- what a transaction should do ---- */

static fields random_fields(int kind)
{
	fields f = { .exists = 1, .name = -1, .status = -1, .label = -1, .body = pick(1 << 30) };
	if (kind == 0) {
		f.name = pick(10) ? (int)pick(NAMES) : -1;
		f.status = (int)pick(STATUSES);
		f.label = pick(2) ? (int)pick(LABELS) : -1;
	} else if (kind == 1) {
		f.status = (int)pick(STATUSES);
		f.is_cold = pick(3) > 0;
	}
	return f;
}

static void random_expect(world *w, plan *p)
{
	expect *e = &p->expects[p->n_expects++];
	*e = (expect){ .type = (__typeof__(e->type))pick(3),
		.id = (int)pick(IDS),
		.label = (int)pick(LABELS) };
	/* mostly right, so that something happens */
	e->rev = pick(10) ? w->item[0][e->id].rev : pick(5);
}

static void random_plan(world *w, plan *p)
{
	*p = (plan){ .token = w->tokens++ };
	int n = 1 + (int)pick(OPS_MAX);
	for (int i = 0; i < n; i++) {
		change *c = &p->ops[p->n_ops++];
		c->kind = pick(10) < 6 ? 0 : pick(10) < 7 ? 1 : 2;
		c->id = (int)pick(IDS);
		c->is_del = pick(4) == 0;
		c->to = c->is_del ? (fields){ 0 } : random_fields(c->kind);
	}
	while (p->n_expects < 2 && pick(4) == 0)
		random_expect(w, p);
}

/* The plan's last change of an item, or NULL. */
static const change *own(const plan *p, int kind, int id)
{
	for (int i = p->n_ops - 1; i >= 0; i--) {
		if (p->ops[i].kind == kind && p->ops[i].id == id)
			return &p->ops[i];
	}
	return NULL;
}

static nc_code predict_expect(const world *w, const plan *p, const expect *e)
{
	const fields *now = &w->item[0][e->id];
	const change *c = own(p, 0, e->id);
	if (e->type == E_REV)
		return (now->exists ? now->rev : 0) == e->rev ? NC_OK : NC_E_CONFLICT;
	if (e->type == E_EXISTS)
		return (c ? !c->is_del : now->exists) ? NC_OK : NC_E_NOTFOUND;
	for (int id = 0; id < IDS; id++) {
		if (w->item[0][id].exists && w->item[0][id].label == e->label && !own(p, 0, id))
			return NC_E_CONFLICT;
	}
	return NC_OK;
}

static nc_code predict(const world *w, const plan *p)
{
	nc_code code = NC_OK;
	/* two of its own with one name: known before it is even submitted */
	for (int a = 0; a < IDS; a++) {
		for (int b = 0; b < a; b++) {
			const change *x = own(p, 0, a), *y = own(p, 0, b);
			if (x && y && !x->is_del && !y->is_del && x->to.name >= 0 &&
				x->to.name == y->to.name)
				return NC_E_EXISTS;
		}
	}
	for (int i = 0; i < p->n_expects && code == NC_OK; i++)
		code = predict_expect(w, p, &p->expects[i]);
	for (int a = 0; a < IDS && code == NC_OK; a++) {
		const change *x = own(p, 0, a);
		if (!x || x->is_del || x->to.name < 0)
			continue;
		for (int b = 0; b < IDS; b++) {
			if (b != a && w->item[0][b].exists && w->item[0][b].name == x->to.name &&
				!own(p, 0, b))
				code = NC_E_EXISTS;
		}
	}
	return code;
}

static void note_entry(world *w, const plan *p, uint64_t seq)
{
	w->entry_seq[w->n_entries] = seq;
	w->entry_token[w->n_entries++] = p->token;
}

static void do_plan(world *w, const plan *p, uint64_t seq)
{
	for (int i = 0; i < p->n_ops; i++) {
		const change *c = &p->ops[i];
		w->item[c->kind][c->id] = c->to;
		w->item[c->kind][c->id].rev = c->is_del ? 0 : seq;
	}
	note_entry(w, p, seq);
	w->applied++;
}

/* ---- the same for real ---- */

static void on_answer(void *arg, uint64_t seq, const nc_error *err)
{
	plan *p = arg;
	p->code = err ? err->code : NC_OK;
	p->flags = err ? err->flags : 0;
	p->seq = seq;
	snprintf(p->message, sizeof(p->message), "%s", err ? err->message : "");
	p->is_answered = 1;
}

static void build_op(nc_txn *t, const change *c)
{
	char id[16], name[16], status[16], label[16], body[24];
	nc_key keys[3];
	uint32_t n = 0;
	if (c->is_del) {
		nc_txn_del(t, kind_of[c->kind], id_text(c->kind, c->id, id));
		return;
	}
	if (c->to.name >= 0)
		keys[n++] = (nc_key){ VM_NAME, 0, text("name", c->to.name, name).ptr };
	if (c->to.status >= 0)
		keys[n++] = (nc_key){ c->kind == 0 ? VM_STATUS : OP_STATE, 0,
			text("status", c->to.status, status).ptr };
	if (c->to.label >= 0)
		keys[n++] = (nc_key){ VM_LABEL, 0, text("label", c->to.label, label).ptr };
	for (uint32_t i = 0; i < n; i++)
		keys[i].len = (uint16_t)strlen(keys[i].ptr);
	snprintf(body, sizeof(body), "%u", c->to.body);
	nc_txn_put(t, kind_of[c->kind], id_text(c->kind, c->id, id), keys, n, nc_str(body),
		c->to.is_cold ? NC_COLD : NC_HOT);
}

static void submit_plan(world *w, plan *p)
{
	char mem[16];
	nc_txn *t = nc_txn_new(w->db);
	for (int i = 0; i < p->n_expects; i++) {
		const expect *e = &p->expects[i];
		if (e->type == E_REV)
			nc_txn_expect(t, K_VM, id_text(0, e->id, mem), e->rev);
		else if (e->type == E_EXISTS)
			nc_txn_expect_exists(t, K_VM, id_text(0, e->id, mem));
		else
			nc_txn_expect_unused(t, K_VM, VM_LABEL, text("label", e->label, mem));
	}
	for (int i = 0; i < p->n_ops; i++)
		build_op(t, &p->ops[i]);
	nc_txn_append(t, NC_LANE_EVENT, (nc_bytes){ &p->token, sizeof(p->token) });
	nc_txn_submit(t, on_answer, p);
}

/* Answers in order of submission; each must be what the model says at that point. */
static void settle_one(world *w, plan *p)
{
	if (p->flags & NC_ERR_OUTCOME_UNKNOWN) {
		w->unknown++;
		return; /* the lane tells after the next open */
	}
	if (p->code == NC_E_UNAVAILABLE && w->may_fail) {
		w->unavailable++;
		return;
	}
	nc_code want = predict(w, p);
	if (p->code != want)
		printf("    token %u: %s\n", p->token, p->message);
	CHECK_CODE(p->code, want);
	if (p->code == NC_OK)
		do_plan(w, p, p->seq);
	else
		w->refused++;
}

static void wait_for_flight(world *w)
{
	for (int i = 0; i < w->n_flight; i++) {
		while (!w->flight[i].is_answered)
			sched_yield();
	}
}

static void settle(world *w)
{
	wait_for_flight(w);
	for (int i = 0; i < w->n_flight; i++)
		settle_one(w, &w->flight[i]);
	w->n_flight = 0;
}

/* ---- comparing ---- */

static int key_is(const nc_item *it, uint16_t index, const char *prefix, int n)
{
	char want[16];
	nc_bytes key = nc_item_key(it, index);
	return n < 0 ? key.ptr == NULL : nc_bytes_eq(key, text(prefix, n, want));
}

static int is_like(int kind, const fields *f, const nc_item *it)
{
	char body[24];
	snprintf(body, sizeof(body), "%u", f->body);
	if (it->rev != f->rev || !nc_bytes_eq(nc_item_body(it), nc_str(body)))
		return 0;
	if (kind == 1)
		return key_is(it, OP_STATE, "status", f->status);
	return kind == 2 || (key_is(it, VM_NAME, "name", f->name) &&
				    key_is(it, VM_STATUS, "status", f->status) &&
				    key_is(it, VM_LABEL, "label", f->label));
}

static void compare_hot(world *w, const nc_root *r, int kind)
{
	nc_bytes none = { NULL, 0 };
	nc_walk walk;
	const nc_item *it;
	int id = 0;
	nc_walk_init(&walk, r, kind_of[kind], NC_BY_ID, none, none, NC_ASCENDING);
	while ((it = nc_walk_next(&walk, NULL)) != NULL) {
		char mem[16];
		for (; id < IDS; id++) {
			const fields *f = &w->item[kind][id];
			if (f->exists && strcmp(id_text(kind, id, mem).ptr, nc_item_id(it)) == 0)
				break;
			CHECK(!f->exists || f->is_cold);
		}
		if (!CHECK(id < IDS))
			return;
		CHECK(is_like(kind, &w->item[kind][id++], it));
	}
	for (; id < IDS; id++)
		CHECK(!w->item[kind][id].exists || w->item[kind][id].is_cold);
}

/* Each key of an index, in order, with the ids in order. */
static void compare_index(world *w, const nc_root *r, uint16_t index, const char *prefix, int n)
{
	nc_bytes none = { NULL, 0 };
	nc_walk up, down;
	const nc_item *list[IDS];
	int count = 0;
	nc_walk_init(&up, r, K_VM, index, none, none, NC_ASCENDING);
	for (int key = 0; key < n; key++) {
		char mem[16], idmem[16];
		uint64_t of_key = 0;
		for (int id = 0; id < IDS; id++) {
			const fields *f = &w->item[0][id];
			int has = index == VM_NAME     ? f->name
				  : index == VM_STATUS ? f->status
						       : f->label;
			if (!f->exists || has != key)
				continue;
			nc_bytes at;
			const nc_item *it = nc_walk_next(&up, &at);
			if (!CHECK(it != NULL))
				return;
			CHECK(nc_bytes_eq(at, text(prefix, key, mem)));
			CHECK_STR(nc_item_id(it), id_text(0, id, idmem).ptr);
			list[count++] = it;
			of_key++;
		}
		CHECK_UINT(nc_root_count_key(r, K_VM, index, text(prefix, key, mem), IDS), of_key);
	}
	CHECK(nc_walk_next(&up, NULL) == NULL);
	nc_walk_init(&down, r, K_VM, index, none, none, NC_DESCENDING);
	while (count > 0)
		CHECK(nc_walk_next(&down, NULL) == list[--count]);
	CHECK(nc_walk_next(&down, NULL) == NULL);
}

typedef struct scan_check {
	world *w;
	int kind, id;
} scan_check;

static nc_code compare_scanned(void *ctx, const nc_item *it)
{
	scan_check *s = ctx;
	char mem[16];
	while (s->id < IDS && !s->w->item[s->kind][s->id].exists)
		s->id++;
	if (!CHECK(s->id < IDS))
		return NC_E_CANCELLED;
	CHECK_STR(nc_item_id(it), id_text(s->kind, s->id, mem).ptr);
	CHECK(is_like(s->kind, &s->w->item[s->kind][s->id++], it));
	return NC_OK;
}

typedef struct lane_check {
	world *w;
	uint32_t at;
} lane_check;

static nc_code compare_entry(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	lane_check *l = ctx;
	uint32_t token;
	memcpy(&token, entry.ptr, sizeof(token));
	if (!CHECK(l->at < l->w->n_entries))
		return NC_E_CANCELLED;
	CHECK_UINT(seq, l->w->entry_seq[l->at]);
	CHECK_UINT(token, l->w->entry_token[l->at]);
	CHECK_UINT(n, 0);
	l->at++;
	return NC_OK;
}

static void compare(world *w)
{
	nc_error err = NC_ERROR_INIT;
	const nc_root *r = nc_db_read_begin(w->db);
	for (int kind = 0; kind < KINDS; kind++)
		compare_hot(w, r, kind);
	compare_index(w, r, VM_NAME, "name", NAMES);
	compare_index(w, r, VM_STATUS, "status", STATUSES);
	compare_index(w, r, VM_LABEL, "label", LABELS);
	nc_db_read_end(w->db);
	if (w->may_fail)
		return;
	for (int kind = 0; kind < KINDS; kind++) {
		scan_check s = { w, kind, 0 };
		CHECK_OK(nc_db_scan(w->db, kind_of[kind], nc_str(""), 0, compare_scanned, &s, &err),
			&err);
		while (s.id < IDS && !w->item[kind][s.id].exists)
			s.id++;
		CHECK_INT(s.id, IDS);
	}
	lane_check l = { w, 0 };
	while (l.at < w->n_entries && w->entry_seq[l.at] < w->lane_oldest)
		l.at++;
	CHECK_OK(nc_db_read_lane(w->db, NC_LANE_EVENT, 0, 0, 0, compare_entry, &l, &err), &err);
	CHECK_UINT(l.at, w->n_entries);
}

/* ---- life and death ---- */

/* Which of those with an unknown outcome are there: the lane has their tokens. */
typedef struct find_token {
	uint32_t token;
	uint64_t seq;
} find_token;

static nc_code find_entry(void *ctx, uint64_t seq, uint32_t n, nc_bytes entry)
{
	find_token *f = ctx;
	uint32_t token;
	(void)n;
	memcpy(&token, entry.ptr, sizeof(token));
	if (token == f->token)
		f->seq = seq;
	return NC_OK;
}

static void settle_unknown(world *w)
{
	for (int i = 0; i < w->n_flight; i++) {
		plan *p = &w->flight[i];
		find_token f = { .token = p->token };
		if (!(p->flags & NC_ERR_OUTCOME_UNKNOWN))
			continue;
		CHECK_CODE(nc_db_read_lane(w->db, NC_LANE_EVENT, 0, 0, 0, find_entry, &f, NULL),
			NC_OK);
		if (f.seq == 0)
			continue;
		CHECK_CODE(predict(w, p), NC_OK);
		do_plan(w, p, f.seq);
	}
	w->n_flight = 0;
}

static int open_world(world *w)
{
	nc_error err = NC_ERROR_INIT;
	nc_db_options o = su_options(w->m);
	o.group_max = pick(3) ? 0 : 1 + pick(4);
	o.materialise_delay_ms = 1 + pick(5);
	o.log_keep_records = 5 + pick(200);
	w->db = NULL;
	w->may_fail = 0;
	CHECK_OK(nc_db_open(&o, &w->db, &err), &err);
	if (!w->db)
		return -1;
	w->lane_oldest = nc_db_lane_oldest(w->db, NC_LANE_EVENT);
	return 0;
}

static void die(world *w)
{
	if (pick(3) == 0) { /* in good order */
		settle(w);
		memstore_heal(w->m);
		nc_db_close(w->db);
		return;
	}
	/* with what is in flight, perhaps in an append that nobody knows the outcome of */
	w->may_fail = 1;
	if (pick(2)) {
		memstore_fail(w->m, MS_LEAD, 1, UINT64_MAX, MS_REFUSE);
		memstore_fail(w->m, MS_APPEND, 1, 0, pick(2) ? MS_UNKNOWN_DONE : MS_UNKNOWN_LOST);
		while (w->n_flight < FLIGHT) {
			random_plan(w, &w->flight[w->n_flight]);
			submit_plan(w, &w->flight[w->n_flight++]);
		}
	} else {
		memstore_cut(w->m);
	}
	nc_db_close(w->db);
	wait_for_flight(w);
	for (int i = 0; i < w->n_flight; i++)
		settle_one(w, &w->flight[i]);
	memstore_heal(w->m);
	memstore_power(w->m, pick((uint32_t)memstore_unsynced(w->m) + 1));
}

static void arm_faults(world *w)
{
	static const memstore_fault faults[] = { MS_REFUSE, MS_FULL, MS_UNKNOWN_DONE,
		MS_UNKNOWN_LOST };
	w->may_fail = 1;
	memstore_fail(w->m, pick(2) ? MS_APPEND : MS_MATERIALISE, 1 + pick(5), pick(3),
		faults[pick(NC_LEN(faults))]);
}

/* Also that no call that the store refused before is still on its way back. */
static int is_well(void *arg)
{
	nc_db_health h;
	if (nc_db_flush(arg, NULL) != NC_OK)
		return 0;
	nc_db_get_health(arg, &h);
	return !h.is_degraded;
}

static void calm_down(world *w)
{
	settle(w);
	memstore_heal(w->m);
	CHECK(su_wait(is_well, w->db));
	w->may_fail = 0;
}

static void trim(world *w)
{
	uint64_t seq = nc_db_seq(w->db);
	if (pick(2) && nc_db_flush(w->db, NULL) == NC_OK) {
		uint64_t before = seq > 30 ? seq - pick(30) : 1;
		CHECK_CODE(nc_db_trim_lane(w->db, NC_LANE_EVENT, before, NULL), NC_OK);
		w->lane_oldest = nc_db_lane_oldest(w->db, NC_LANE_EVENT);
	} else {
		CHECK_CODE(nc_db_trim_log(w->db, seq, NULL), NC_OK);
	}
}

static void live(world *w, int steps)
{
	for (int i = 0; i < steps; i++) {
		plan *p = &w->flight[w->n_flight++];
		random_plan(w, p);
		submit_plan(w, p);
		if (w->n_flight == FLIGHT || pick(6) == 0) {
			settle(w);
			if (pick(8) == 0)
				compare(w);
		}
		if (pick(60) == 0 && !w->may_fail)
			arm_faults(w);
		if (w->may_fail && pick(20) == 0)
			calm_down(w);
		if (pick(80) == 0 && !w->may_fail)
			trim(w);
	}
}

static void random_transactions_and_crashes_match_the_model(void)
{
	world *w = calloc(1, sizeof(*w));
	const char *env = getenv("NC_TEST_ROUNDS");
	int rounds = env ? atoi(env) : 60;
	w->m = memstore_new();
	for (int round = 0; round < rounds; round++) {
		if (open_world(w) != 0)
			break;
		settle_unknown(w);
		compare(w);
		CHECK_UINT(su_faults(w->db), 0);
		if (w->n_entries > 50000)
			break;
		live(w, 50 + (int)pick(400));
		die(w);
	}
	if (open_world(w) == 0) {
		settle_unknown(w);
		compare(w);
		CHECK_UINT(su_faults(w->db), 0);
		nc_db_close(w->db);
	}
	printf("    applied %llu, refused %llu, unavailable %llu, unknown %llu\n",
		(unsigned long long)w->applied, (unsigned long long)w->refused,
		(unsigned long long)w->unavailable, (unsigned long long)w->unknown);
	memstore_free(w->m);
	free(w);
}

NC_TESTS(store_model){
	T(random_transactions_and_crashes_match_the_model),
};
