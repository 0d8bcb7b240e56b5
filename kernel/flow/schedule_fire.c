/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a time that has come to the record that says so: the schedule with its next time, the
 * operation, the event. The schedule's revision in the store makes it one record a time, whoever
 * else tries and whenever the power goes.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "flow/schedules.h"
#include "model/problem.h"

#define VMS_MAX       2000
#define DUE_MAX       256 /* in one round; the next goes on */
#define REQUEST_MAX   (120u << 10)
#define LOOK_AGAIN_MS 900000 /* for one that knows no next time, its zone being unreadable */

typedef struct shot {
	nc_flow *f;
	nc_arena *a;
	nc_txn *txn;
	const nc_root *root;
	nc_schedule *s;
	nc_schedule_plan plan;
	const char *reason; /* for people */
	const char *after;  /* operation to wait for, or NULL */
} shot;

/* ---- what the record says ---- */

static nc_code request_of(
	shot *x, nc_operation *op, const char **ids, size_t n, size_t left_out, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_jw w;

	nc_buf_init(&b, REQUEST_MAX);
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "operation", op->o.id);
	nc_jw_kstr(&w, "schedule", x->s->o.id);
	nc_jw_kstr(&w, "project", x->s->o.project);
	nc_jw_ktime(&w, "scheduled_at", x->plan.fire_at_ms);
	nc_jw_kstr(&w, "reason", x->reason);
	nc_jw_kstr(&w, "action", x->s->action);
	if (x->s->arguments.ptr)
		nc_jw_kraw(&w, "arguments", x->s->arguments.ptr, x->s->arguments.len);
	if (x->after)
		nc_jw_kstr(&w, "after", x->after);
	nc_jw_ku64(&w, "left_out", left_out);
	nc_jw_karr(&w, "vms");
	for (size_t i = 0; i < n; i++)
		nc_jw_str(&w, ids[i]);
	nc_jw_arr_end(&w);
	nc_jw_obj_end(&w);
	if (b.error == NC_E_INVAL)
		return nc_problem_err(
			err, "invalid", "its request has more than %u KiB", REQUEST_MAX >> 10);
	if (nc_buf_failed(&b))
		return nc_err_nomem(err);
	op->request = (nc_bytes){ nc_arena_memdup(x->a, b.ptr, b.len + 1), b.len };
	return op->request.ptr ? NC_OK : nc_err_nomem(err);
}

static const char *reason_of(shot *x)
{
	const nc_schedule *s = x->s;
	char at[25];

	nc_time_format(x->plan.fire_at_ms, at);
	return nc_arena_printf(x->a, "schedule %s: %s%s%s%s was due at %s%s", s->o.name,
		s->cron ? s->cron : "its time", s->cron ? " (" : "", s->cron ? s->timezone : "",
		s->cron ? ")" : "", at, x->plan.is_late ? ", run once for what was missed" : "");
}

static void add_event(shot *x, const char *type, const char *op_id, const char *why)
{
	_cleanup_(nc_buf_done) nc_buf b;
	const nc_object *o = &x->s->o;
	nc_jw w;

	nc_buf_init(&b, 4096);
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "reason", why);
	nc_jw_ki64(&w, "missed", x->plan.n_missed);
	if (x->plan.fire_at_ms)
		nc_jw_ktime(&w, "scheduled_at", x->plan.fire_at_ms);
	nc_jw_obj_end(&w);
	nc_event_add(x->txn, &(nc_event){ .ts_ms = nc_clock_wall_ms(),
				     .type = type,
				     .topic = "schedule",
				     .key = o->id,
				     .name = o->name,
				     .project = o->project,
				     .actor = "system",
				     .op_id = op_id,
				     .object_revision = o->revision,
				     .data = nc_buf_failed(&b) ? nc_str("{}") : nc_buf_bytes(&b) });
}

static nc_code stage_operation(shot *x, nc_error *err)
{
	nc_schedule *s = x->s;
	nc_operation *op = NULL;
	nc_faults faults;
	const char **ids;
	size_t n, left_out;

	nc_faults_init(&faults, x->a);
	nc_code rc =
		nc_schedule_select(s, x->root, x->a, VMS_MAX, &ids, &n, &left_out, &faults, err);
	if (rc == NC_OK)
		rc = nc_ops_stage(x->f->ops, x->a, "schedule.fire", &op, err);
	if (rc != NC_OK)
		return rc;
	x->reason = reason_of(x);
	op->target = (nc_op_target){ .kind = "schedule", .id = s->o.id, .name = s->o.name };
	op->o.project = s->o.project;
	op->actor = nc_arena_printf(x->a, "schedule:%s", s->o.id);
	op->reason_trail = nc_arena_new_array(x->a, const char *, 1);
	if (!x->reason || !op->actor || !op->reason_trail)
		return nc_err_nomem(err);
	op->reason_trail[op->n_reason_trail++] = x->reason;
	if ((rc = request_of(x, op, ids, n, left_out, err)) != NC_OK)
		return rc;
	s->last_at_ms = x->plan.fire_at_ms;
	s->last_operation = op->o.id;
	s->last_result = "running";
	s->n_fired++;
	add_event(x, "schedule.fired", op->o.id, x->reason);
	return nc_ops_put(x->txn, op, err);
}

/* ---- the last one ---- */

/* Finished operations leave memory, so that who isn't there doesn't run. */
static int is_running(const shot *x, const char *op_id)
{
	const nc_item *it = op_id ? nc_root_get(x->root, NC_KIND_OPERATION, nc_str(op_id)) : NULL;
	nc_object *o = NULL;

	if (!it || nc_model_load(it, x->a, &o, NULL) != NC_OK)
		return 0;
	return !nc_operation_state_is_final(NC_AS(nc_operation, o)->state);
}

static void mind_the_last(shot *x)
{
	const char *last = x->s->last_operation;

	if (x->s->concurrency == NC_RUN_ALLOW || !is_running(x, last))
		return;
	if (x->s->concurrency == NC_RUN_REPLACE) {
		x->after = last;
		return;
	}
	x->plan.n_missed++;
	add_event(x, "schedule.skipped", last, "the last one still runs");
	x->plan.fire_at_ms = 0;
}

/* ---- one schedule ---- */

static nc_code stage(shot *x, nc_error *err)
{
	const nc_zone *z = NULL;
	int64_t now = nc_clock_wall_ms();
	nc_schedule *s = x->s;
	nc_code rc = nc_schedules_zone(x->f->schedules, s->timezone, &z, err);

	if (rc == NC_OK)
		rc = nc_schedule_plan_at(s, z, now, &x->plan, err);
	if (rc != NC_OK)
		return rc;
	if (x->plan.n_missed)
		add_event(x, "schedule.missed", NULL,
			x->plan.fire_at_ms ? "times have passed; one firing stands for all"
					   : "times have passed; on_missed is skip");
	if (x->plan.fire_at_ms)
		mind_the_last(x);
	s->next_at_ms = x->plan.next_at_ms;
	s->n_missed += x->plan.n_missed;
	if (x->plan.fire_at_ms && (rc = stage_operation(x, err)) != NC_OK)
		return rc;
	return nc_model_put(x->txn, &s->o, err);
}

static nc_code load_due(shot *x, const char *id, nc_error *err)
{
	nc_object *o = NULL;
	nc_code rc = nc_model_get(x->root, &nc_kind_schedule, id, x->a, &o, err);

	if (rc != NC_OK)
		return rc;
	x->s = NC_AS(nc_schedule, o);
	int is_due = x->s->is_enabled && x->s->next_at_ms && x->s->next_at_ms <= nc_clock_wall_ms();
	return is_due ? NC_OK : NC_E_NOTFOUND; /* somebody was here before */
}

/* What fails now and would at every look: it has missed this time and is tried at its next one. */
static nc_code move_on(nc_flow *f, const char *id, const nc_error *why, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	_cleanup_(nc_txn_freep) nc_txn *txn = nc_txn_new(f->db);
	shot x = { .f = f, .a = a, .txn = txn, .plan.n_missed = 1 };
	int64_t now = nc_clock_wall_ms();
	const nc_zone *z = NULL;

	if (!a || !txn)
		return nc_err_nomem(err);
	x.root = nc_db_read_begin(f->db);
	nc_code rc = load_due(&x, id, err);
	if (rc == NC_OK) {
		nc_schedule *s = x.s;
		s->last_result = nc_arena_printf(a, "failed: %.300s", why->message);
		s->n_missed++;
		if (nc_schedules_zone(f->schedules, s->timezone, &z, NULL) != NC_OK ||
			nc_schedule_first_at(s, z, now, &s->next_at_ms, NULL) != NC_OK)
			s->next_at_ms = now + LOOK_AGAIN_MS;
		add_event(&x, "schedule.skipped", NULL, why->message);
		rc = s->last_result ? nc_model_put(txn, &s->o, err) : nc_err_nomem(err);
	}
	nc_db_read_end(f->db);
	return rc == NC_OK ? nc_txn_commit(nc_steal(&txn), NULL, err) : rc;
}

static nc_code fire(nc_flow *f, const char *id, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(8u << 20);
	_cleanup_(nc_txn_freep) nc_txn *txn = nc_txn_new(f->db);
	shot x = { .f = f, .a = a, .txn = txn };

	if (!a || !txn)
		return nc_err_nomem(err);
	x.root = nc_db_read_begin(f->db);
	nc_code rc = load_due(&x, id, err);
	int is_due = rc == NC_OK;
	if (is_due)
		rc = stage(&x, err);
	nc_db_read_end(f->db);
	if (is_due && rc != NC_OK && rc != NC_E_NOMEM && rc != NC_E_UNAVAILABLE) {
		nc_error why = *err;
		nc_log(L_ERROR, "schedule.fire.failed", F_STR("schedule", id), F_ERR(err),
			F_STR("consequence", "its next time is tried"));
		nc_err_clear(err);
		return move_on(f, id, &why, err);
	}
	if (rc != NC_OK)
		return rc;
	rc = nc_txn_commit(nc_steal(&txn), NULL, err);
	if (rc == NC_OK && x.after) /* it is to make room; who waits for it looks again */
		(void)nc_ops_cancel(f->ops, x.after, "schedule", NULL);
	return rc;
}

/* ---- all of them ---- */

typedef struct due_list {
	char ids[DUE_MAX][NC_DB_ID_MAX + 1];
	size_t n;
	int64_t next_ms;
	char last_key[16],
		last_id[NC_DB_ID_MAX + 1]; /* the list goes on after it; "" = from the start */
	size_t n_last_key;
} due_list;

static int64_t time_of(nc_bytes key)
{
	uint64_t v = 0;

	for (size_t i = 0; i < key.len && i < 8; i++)
		v = v << 8 | ((const uint8_t *)key.ptr)[i];
	return (int64_t)(v ^ (uint64_t)1 << 63);
}

static void note_last(due_list *list, nc_bytes key, const char *id)
{
	list->n_last_key = NC_MIN(key.len, sizeof(list->last_key));
	memcpy(list->last_key, key.ptr, list->n_last_key);
	snprintf(list->last_id, sizeof(list->last_id), "%s", id);
}

/* The index is in order of time: what is due stands in front. The next of them after those of the
 * last list, so that who can't be fired stands in nobody's way. */
static void list_due(nc_flow *f, int64_t now, due_list *list)
{
	const nc_root *r = nc_db_read_begin(f->db);
	nc_bytes from = { list->last_key, list->n_last_key }, key;
	nc_walk w;

	list->n = 0;
	list->next_ms = INT64_MAX;
	nc_walk_init(&w, r, NC_KIND_SCHEDULE, NC_SCHEDULE_IX_NEXT, from, nc_str(list->last_id),
		NC_ASCENDING);
	for (const nc_item *it; (it = nc_walk_next(&w, &key));) {
		int64_t at = time_of(key);
		if (!strcmp(nc_item_id(it), list->last_id))
			continue;
		if (at > now || list->n == DUE_MAX) {
			list->next_ms = at;
			break;
		}
		snprintf(list->ids[list->n++], sizeof(list->ids[0]), "%s", nc_item_id(it));
		note_last(list, key, nc_item_id(it));
	}
	nc_db_read_end(f->db);
}

int64_t nc_schedules_fire_due(nc_flow *f)
{
	due_list list = { .n = 0 };
	int64_t now = nc_clock_wall_ms();

	do {
		list_due(f, now, &list);
		for (size_t i = 0; i < list.n; i++) {
			nc_error err = NC_ERROR_INIT;
			nc_code rc = fire(f, list.ids[i], &err);
			if (rc != NC_OK && rc != NC_E_NOTFOUND && rc != NC_E_CONFLICT)
				nc_log(L_ERROR, "schedule.fire.failed",
					F_STR("schedule", list.ids[i]), F_ERR(&err),
					F_STR("consequence", "trying again"));
		}
	} while (list.n == DUE_MAX);
	return list.next_ms;
}
