/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/schedules.h"
#include "model/tenancy.h"
#include "state.h"

/*
 * Schedules over a real engine and a memory store, with a driver of VMs that is told how to behave
 * and a clock that stands still unless it is moved. The thread is not started: rounds are made by
 * hand.
 */

enum { VMS = 3, CALLS_MAX = 256 };
typedef enum { DO, HOLD, FAIL } manner;

typedef struct world {
	state st;
	nc_flow *f;
	nc_ops *ops;
	nc_observed *observed;
	nc_vault *vault;
	nc_arena *a;
	const char *project, *vms[VMS];
	nc_op_driver driver;
	pthread_mutex_t calls_lock; /* guards all below */
	manner manner;
	char keys[CALLS_MAX][64]; /* of compute calls, each once */
	int n_keys;
	nc_op_sink held[CALLS_MAX];
	int n_held;
} world;

/* ---- the driver ---- */

static int has_key(const world *w, const char *key)
{
	for (int i = 0; i < w->n_keys; i++)
		if (!strcmp(w->keys[i], key))
			return 1;
	return 0;
}

static void tell(const nc_op_sink *sink, int32_t outcome, int is_recover)
{
	nc_error err = NC_ERROR_INIT;
	if (outcome != NC_DONE)
		nc_err(&err, NC_E_INVAL, "told to fail");
	nc_op_result r = { .code = NC_OK,
		.outcome = outcome,
		.recovered = is_recover ? NC_REC_DONE : -1,
		.err = &err,
		.result = nc_str("{\"power\":\"stopped\"}") };
	sink->done(sink->arg, &r);
}

static nc_code driver_call(void *ctx, const nc_op_call *call, const char *key, int is_recover,
	const nc_op_sink *sink, uint64_t *ret_handle, nc_error *err)
{
	world *w = ctx;
	const nc_op_driver *own = nc_flow_driver(w->f);

	if (!strcmp(call->verb, "schedule.fire"))
		return own->call(own->ctx, call, key, is_recover, sink, ret_handle, err);
	pthread_mutex_lock(&w->calls_lock);
	int is_known = has_key(w, key);
	manner m = w->manner;
	if (!is_known && !is_recover)
		snprintf(w->keys[w->n_keys++], sizeof(w->keys[0]), "%s", key);
	if (m == HOLD && !is_recover) {
		w->held[w->n_held++] = *sink;
		*ret_handle = (uint64_t)w->n_held;
	}
	pthread_mutex_unlock(&w->calls_lock);
	if (is_recover && !is_known) {
		nc_op_result r = { .code = NC_OK, .recovered = NC_REC_ABSENT };
		sink->done(sink->arg, &r);
	} else if (m != HOLD || is_recover) {
		tell(sink, m == FAIL ? NC_FAILED_NO_EFFECT : NC_DONE, is_recover);
	}
	return NC_OK;
}

static void driver_stop(void *ctx, uint64_t handle, int32_t reason)
{
	world *w = ctx;
	const nc_op_driver *own = nc_flow_driver(w->f);
	nc_op_sink sink = { .done = NULL };

	if (handle & NC_SCHEDULES_HANDLE) {
		own->stop(own->ctx, handle, reason);
		return;
	}
	pthread_mutex_lock(&w->calls_lock);
	if (handle && handle <= (uint64_t)w->n_held) {
		sink = w->held[handle - 1];
		w->held[handle - 1].done = NULL;
	}
	pthread_mutex_unlock(&w->calls_lock);
	if (sink.done)
		tell(&sink, reason == NC_CANCEL ? NC_CANCELLED : NC_DETACHED, 0);
}

static void release_all(world *w)
{
	for (int i = 0; i < w->n_held; i++) {
		pthread_mutex_lock(&w->calls_lock);
		nc_op_sink sink = w->held[i];
		w->held[i].done = NULL;
		pthread_mutex_unlock(&w->calls_lock);
		if (sink.done)
			tell(&sink, NC_DONE, 0);
	}
}

/* ---- the world ---- */

static void on_published(void *arg, const nc_db_batch *b)
{
	world *w = arg;
	if (w->ops)
		nc_ops_published(w->ops, b);
}

static int start_engines(world *w)
{
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_freep) char *keys = nc_test_path("keys");
	nc_vault_options vo = { .db = w->st.db, .kind = NC_KIND_SECRET_VALUE, .key_file = keys };
	if (!CHECK_OK(nc_vault_open(&vo, &w->vault, &err), &err))
		return 0;
	nc_flow_options fo = { .db = w->st.db,
		.observed = w->observed,
		.vault = w->vault,
		.settings = { .idempotency_ttl_ms = 86400000, .deleted_retention_ms = 1000 } };
	if (!CHECK_OK(nc_flow_new(&fo, &w->f, &err), &err))
		return 0;
	w->driver = (nc_op_driver){ w, driver_call, driver_stop };
	nc_ops *ops = NULL;
	nc_ops_options oo = { .db = w->st.db,
		.driver = &w->driver,
		.user = w->f,
		.workers = 3,
		.default_deadline_us = 600000000,
		.grace_us = 100000 };
	CHECK_OK(nc_ops_new(&oo, &ops, &err), &err);
	CHECK_OK(nc_flow_attach(w->f, ops, &err), &err);
	w->ops = ops;
	return CHECK_OK(nc_ops_start(ops, &err), &err);
}

static int set_up(world *w)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->calls_lock, NULL);
	nc_clock_freeze();
	nc_clock_advance_us((90000 - nc_clock_wall_ms() % 60000) * 1000); /* half past */
	w->a = nc_arena_new(16u << 20);
	w->observed = nc_observed_new();
	_cleanup_(nc_freep) char *keys = nc_test_path("keys");
	(void)unlink(keys); /* of another installation */
	w->st.published = on_published;
	w->st.arg = w;
	if (!state_open(&w->st))
		return 0;
	nc_object *p = state_new(&nc_kind_project, "acme", w->a);
	nc_object *provider = state_new(&nc_kind_provider, "farm", w->a);
	nc_object *host = state_new(&nc_kind_host, "host-1", w->a);
	NC_AS(nc_project, p)->is_enabled = 1;
	NC_AS(nc_provider, provider)->plugin = "novacron.sim";
	NC_AS(nc_host_obj, host)->provider = provider->id;
	state_put(&w->st, p);
	state_put(&w->st, provider);
	state_put(&w->st, host);
	w->project = p->id;
	for (int i = 0; i < VMS; i++) {
		nc_object *o = state_new(&nc_kind_vm, nc_arena_printf(w->a, "web-%d", i + 1), w->a);
		nc_vm *vm = NC_AS(nc_vm, o);
		o->project = p->id;
		vm->lifecycle = NC_VM_ACTIVE;
		vm->power = NC_POWER_ON;
		vm->host = host->id;
		vm->provider = provider->id;
		vm->incarnation = 1;
		nc_object_label(o, "env", i < 2 ? "prod" : "test");
		nc_object_label(o, "tier", "web");
		w->vms[i] = o->id;
		state_put(&w->st, o);
	}
	return start_engines(w);
}

static void stop_engines(world *w)
{
	int64_t now_ms = nc_clock_wall_ms();
	nc_schedules_stop(w->f->schedules); /* first: it has no thread that would hear of it */
	nc_clock_release();                 /* what comes now waits by the clock */
	nc_ops_stop(w->ops);
	nc_vault_close(w->vault);
	w->vault = NULL;
	nc_db_close(w->st.db); /* the sequencer's last answers are in */
	w->st.db = NULL;
	nc_flow_free(w->f);
	nc_ops_free(w->ops);
	w->f = NULL;
	w->ops = NULL;
	nc_clock_freeze(); /* where it was: the clock does not go back */
	nc_clock_advance_us(NC_MAX(now_ms - nc_clock_wall_ms() + 1, 0) * 1000);
}

static void tear_down(world *w)
{
	release_all(w);
	stop_engines(w);
	state_free(&w->st);
	nc_observed_free(w->observed);
	nc_arena_free(w->a);
	pthread_mutex_destroy(&w->calls_lock);
	nc_clock_release();
}

static json_t *quoted(const char *text)
{
	_cleanup_(nc_freep) char *copy = nc_strdup(text);
	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	return json_loads(copy, 0, NULL);
}

/* One request; what it says of faults goes to *faults as "field: message". */
static nc_code create(world *w, const char *text, const char **ret_id, char fault[400])
{
	_cleanup_(nc_json_decrefp) json_t *body = quoted(text);
	_cleanup_(nc_buf_done) nc_buf out;
	nc_error err = NC_ERROR_INIT;
	nc_buf_init(&out, 1 << 20);
	nc_act act = { .flow = w->f,
		.arena = w->a,
		.actor = "uid:0",
		.reach = { .project = w->project },
		.body = &out };
	nc_code rc = nc_act_create(&act, &nc_kind_schedule, body, &err);
	if (fault)
		snprintf(fault, 400, "%s (%s)", err.message,
			act.faults.n && act.faults.list[0].hint ? act.faults.list[0].hint : "");
	if (rc == NC_OK && ret_id) {
		_cleanup_(nc_json_decrefp) json_t *o = json_loadb(out.ptr, out.len, 0, NULL);
		*ret_id = nc_arena_strdup(w->a, json_string_value(json_object_get(o, "id")));
	}
	return rc;
}

static nc_code patch(world *w, const char *id, const char *text)
{
	_cleanup_(nc_json_decrefp) json_t *body = quoted(text);
	_cleanup_(nc_buf_done) nc_buf out;
	nc_buf_init(&out, 1 << 20);
	nc_act act = { .flow = w->f,
		.arena = w->a,
		.actor = "uid:0",
		.reach = { .project = w->project },
		.body = &out };
	return nc_act_patch(&act, &nc_kind_schedule, id, body, NULL);
}

static nc_schedule *schedule(world *w, const char *id)
{
	return NC_AS(nc_schedule, state_get(&w->st, &nc_kind_schedule, id, w->a));
}

static nc_vm_lifecycle lifecycle(world *w, int i)
{
	nc_object *o = state_get(&w->st, &nc_kind_vm, w->vms[i], w->a);
	return o ? NC_AS(nc_vm, o)->lifecycle : NC_VM_ERROR;
}

/* Rounds until the schedule's last firing has ended so, for at most ten seconds. */
static int ends(world *w, const char *id, const char *result)
{
	for (int i = 0; i < 5000; i++) {
		nc_schedules_round(w->f->schedules);
		const nc_schedule *s = schedule(w, id);
		if (s->last_result && !strncmp(s->last_result, result, strlen(result)))
			return 1;
		usleep(2000);
		nc_clock_advance_us(5000); /* back-offs pass, minutes don't */
	}
	return 0;
}

static void minutes_pass(int n)
{
	nc_clock_advance_us((int64_t)n * 60000000);
}

#define EVERY_MINUTE                                                                               \
	"{'name':'m','cron':'* * * * *','action':'vm.stop','selector':'env=prod,tier=web'%s}"

static const char *make_minutely(world *w, const char *more)
{
	const char *id = NULL;
	char text[400], fault[400];
	snprintf(text, sizeof(text), EVERY_MINUTE, more);
	if (!CHECK_CODE(create(w, text, &id, fault), NC_OK))
		printf("    %s\n", fault);
	return id;
}

/* ---- plans; pure ---- */

static void plan_says_what_is_due_and_what_was_missed(void)
{
	enum { MIN = 60000, T0 = 600000 };
	static const struct {
		const char *cron;
		nc_on_missed on_missed;
		int64_t next, now, fire, missed, then;
	} rows[] = {
		{ "* * * * *", NC_MISSED_RUN_ONCE, T0, T0, T0, 0, T0 + MIN },
		{ "* * * * *", NC_MISSED_SKIP, T0, T0 + 59999, T0, 0, T0 + MIN },
		/* one is on time, the one before it was not */
		{ "* * * * *", NC_MISSED_SKIP, T0, T0 + MIN, T0 + MIN, 1, T0 + 2 * MIN },
		{ "* * * * *", NC_MISSED_RUN_ONCE, T0, T0 + 9 * MIN, T0 + 9 * MIN, 9,
			T0 + 10 * MIN },
		/* an hour's schedule, ten minutes late */
		{ "0 * * * *", NC_MISSED_RUN_ONCE, 60 * MIN, 70 * MIN, 60 * MIN, 0, 120 * MIN },
		{ "0 * * * *", NC_MISSED_SKIP, 60 * MIN, 70 * MIN, 0, 1, 120 * MIN },
		{ "0 * * * *", NC_MISSED_SKIP, 60 * MIN, 250 * MIN, 0, 4, 300 * MIN },
		{ "0 * * * *", NC_MISSED_RUN_ONCE, 60 * MIN, 250 * MIN, 240 * MIN, 3, 300 * MIN },
		/* once */
		{ NULL, NC_MISSED_SKIP, T0, T0 + MIN, T0, 0, 0 },
		{ NULL, NC_MISSED_SKIP, T0, T0 + MIN + 1, 0, 1, 0 },
		{ NULL, NC_MISSED_RUN_ONCE, T0, T0 + 5000 * MIN, T0, 0, 0 },
		/* three years of minutes are counted up to a bound, and it goes on from now */
		{ "* * * * *", NC_MISSED_SKIP, T0, T0 + INT64_C(1500000) * MIN, 0, 100002,
			T0 + INT64_C(1500001) * MIN },
	};
	_cleanup_(nc_zone_freep) nc_zone *utc = NULL;

	CHECK_OK(nc_zone_open("UTC", &utc, NULL), NULL);
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		nc_schedule s = { .cron = rows[i].cron,
			.at_ms = rows[i].cron ? 0 : T0,
			.next_at_ms = rows[i].next,
			.on_missed = rows[i].on_missed };
		nc_schedule_plan p;
		CHECK_OK(nc_schedule_plan_at(&s, utc, rows[i].now, &p, NULL), NULL);
		int ok = CHECK_INT(p.fire_at_ms, rows[i].fire);
		ok &= CHECK_INT(p.n_missed, rows[i].missed);
		if (!(ok & CHECK_INT(p.next_at_ms, rows[i].then)))
			printf("    row %zu\n", i);
	}
}

/* ---- requests ---- */

static void faults_name_the_field_and_the_value(void)
{
	static const struct {
		const char *more, *says;
	} rows[] = {
		{ "'cron':'61 * * * *','action':'vm.stop','selector':'a=b'",
			"cron: minute \"61\" is not between 0 and 59" },
		{ "'cron':'@daily','action':'vm.fly','selector':'a=b'", "action: \"vm.fly\"" },
		{ "'cron':'@daily','action':'host.stop','selector':'a=b'",
			"action: \"host.stop\"" },
		{ "'cron':'@daily','action':'vm.reset-state','selector':'a=b'", "action: " },
		{ "'cron':'@daily','action':'vm.stop','selector':'a=b','timezone':'Mars/Base'",
			"timezone: there is no time zone \"Mars/Base\"" },
		{ "'cron':'@daily','action':'vm.stop','selector':'env'",
			"selector: \"env\" is not a list" },
		{ "'cron':'@daily','action':'vm.stop','selector':'a=1,b=2,c=3,d=4,e=5'",
			"selector: " },
		{ "'cron':'@daily','action':'vm.stop','target':'nobody'", "target: " },
		{ "'cron':'@daily','action':'vm.stop','selector':'a=b','arguments':[1]",
			"arguments: must be an object" },
		{ "'cron':'@daily','action':'vm.stop','selector':'a=b','retention':2",
			"retention: vm.stop leaves nothing" },
		{ "'at':'2001-01-01T00:00:00Z','action':'vm.stop','selector':'a=b'",
			"at: is in the past" },
	};
	world w;

	REQUIRE(set_up(&w));
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		char text[400], fault[400];
		snprintf(text, sizeof(text), "{'name':'bad',%s}", rows[i].more);
		CHECK_CODE(create(&w, text, NULL, fault), NC_E_INVAL);
		CHECK_HAS(fault, rows[i].says);
	}
	tear_down(&w);
}

static void pausing_forgets_the_next_time_and_a_new_cron_makes_a_new_one(void)
{
	world w;

	REQUIRE(set_up(&w));
	const char *id = make_minutely(&w, "");
	int64_t first = schedule(&w, id)->next_at_ms;
	CHECK_INT(first, nc_clock_wall_ms() + 30000);
	CHECK_OK(patch(&w, id, "{'description':'x'}"), NULL);
	CHECK_INT(schedule(&w, id)->next_at_ms, first);
	CHECK_OK(patch(&w, id, "{'enabled':false}"), NULL);
	CHECK_INT(schedule(&w, id)->next_at_ms, 0);
	minutes_pass(5);
	nc_schedules_round(w.f->schedules);
	CHECK_INT(schedule(&w, id)->n_fired, 0);
	CHECK_OK(patch(&w, id, "{'enabled':true}"), NULL);
	CHECK_INT(schedule(&w, id)->next_at_ms, first + 5 * 60000);
	CHECK_INT(schedule(&w, id)->n_missed, 0); /* who is paused misses nothing */
	CHECK_CODE(patch(&w, id, "{'cron':'x'}"), NC_E_INVAL);
	CHECK_OK(patch(&w, id, "{'cron':'0 0 1 1 *'}"), NULL);
	CHECK(schedule(&w, id)->next_at_ms != first + 5 * 60000);
	tear_down(&w);
}

/* ---- firing ---- */

static void firing_is_an_operation_that_says_why(void)
{
	world w;

	REQUIRE(set_up(&w));
	const char *id = make_minutely(&w, "");
	nc_schedules_round(w.f->schedules);
	CHECK_INT(schedule(&w, id)->n_fired, 0); /* not yet */
	minutes_pass(1);
	CHECK(ends(&w, id, "succeeded"));
	const nc_schedule *s = schedule(&w, id);
	CHECK_INT(s->n_fired, 1);
	CHECK_INT(s->n_missed, 0);
	CHECK_INT(s->next_at_ms, s->last_at_ms + 60000);
	CHECK_INT(lifecycle(&w, 0), NC_VM_STOPPED);
	CHECK_INT(lifecycle(&w, 1), NC_VM_STOPPED);
	CHECK_INT(lifecycle(&w, 2), NC_VM_ACTIVE); /* env=test */
	CHECK_INT(w.n_keys, 2);
	CHECK_OK(nc_db_flush(w.st.db, NULL), NULL);
	CHECK(memstore_contains(w.st.store, nc_str("schedule m: * * * * * (UTC) was due at")));
	/* the goal holds: nothing to start, and no failure either */
	minutes_pass(1);
	nc_schedules_round(w.f->schedules);
	CHECK(ends(&w, id, "succeeded"));
	CHECK_INT(schedule(&w, id)->n_fired, 2);
	CHECK_INT(w.n_keys, 2);
	tear_down(&w);
}

static void one_that_fails_is_told_and_holds_up_nobody(void)
{
	world w;

	REQUIRE(set_up(&w));
	const char *id = make_minutely(&w, "");
	w.manner = FAIL;
	minutes_pass(1);
	CHECK(ends(&w, id, "failed: 2 of 2 went wrong, first web-"));
	CHECK_HAS(schedule(&w, id)->last_result, "told to fail");
	const nc_operation *op = NC_AS(nc_operation,
		state_find(&w.st, &nc_kind_operation, schedule(&w, id)->last_operation, w.a));
	const char *result = nc_arena_strndup(w.a, op->result.ptr, op->result.len);
	CHECK_HAS(result, "\"failed\":2");
	CHECK_HAS(result, "told to fail");
	CHECK_INT(w.n_keys, 2);
	w.manner = DO;
	minutes_pass(1);
	CHECK(ends(&w, id, "succeeded"));
	tear_down(&w);
}

static void forbid_skips_a_time_while_the_last_one_runs(void)
{
	world w;

	REQUIRE(set_up(&w));
	w.manner = HOLD;
	const char *id = make_minutely(&w, ",'concurrency':'forbid'");
	minutes_pass(1);
	nc_schedules_round(w.f->schedules);
	CHECK_INT(schedule(&w, id)->n_fired, 1);
	minutes_pass(1);
	nc_schedules_round(w.f->schedules);
	CHECK_INT(schedule(&w, id)->n_fired, 1);
	CHECK_INT(schedule(&w, id)->n_missed, 1);
	CHECK(schedule(&w, id)->next_at_ms > nc_clock_wall_ms());
	for (int i = 0; i < 5000 && w.n_held < 2; i++) {
		nc_schedules_round(w.f->schedules);
		usleep(1000);
	}
	CHECK_INT(w.n_held, 2);
	w.manner = DO;
	release_all(&w);
	CHECK(ends(&w, id, "succeeded"));
	minutes_pass(1);
	nc_schedules_round(w.f->schedules);
	CHECK_INT(schedule(&w, id)->n_fired, 2);
	CHECK(ends(&w, id, "succeeded"));
	tear_down(&w);
}

static void allow_starts_beside_the_last_one(void)
{
	world w;

	REQUIRE(set_up(&w));
	w.manner = HOLD;
	const char *id = make_minutely(&w, ",'concurrency':'allow'");
	minutes_pass(1);
	nc_schedules_round(w.f->schedules);
	for (int i = 0; i < 5000 && w.n_held < 2; i++) {
		nc_schedules_round(w.f->schedules);
		usleep(1000);
	}
	minutes_pass(1);
	/* beside it, and told that the VMs are busy */
	CHECK(ends(&w, id, "failed: 2 of 2 went wrong"));
	CHECK_INT(schedule(&w, id)->n_fired, 2);
	tear_down(&w);
}

static void replace_ends_the_last_one_first(void)
{
	world w;

	REQUIRE(set_up(&w));
	w.manner = HOLD;
	const char *id = make_minutely(&w, ",'concurrency':'replace'");
	minutes_pass(1);
	for (int i = 0; i < 5000 && w.n_held < 2; i++) {
		nc_schedules_round(w.f->schedules);
		usleep(1000);
	}
	CHECK_INT(w.n_held, 2);
	w.manner = DO;
	minutes_pass(1);
	CHECK(ends(&w, id, "succeeded"));
	CHECK_INT(schedule(&w, id)->n_fired, 2);
	CHECK_INT(schedule(&w, id)->n_missed, 0);
	CHECK_INT(lifecycle(&w, 0), NC_VM_STOPPED);
	CHECK_INT(w.n_keys, 4); /* the two that were cancelled, and two anew */
	tear_down(&w);
}

static void once_is_once(void)
{
	world w;
	char text[300], at[25];
	const char *id = NULL;

	REQUIRE(set_up(&w));
	nc_time_format(nc_clock_wall_ms() + 5000, at);
	snprintf(text, sizeof(text), "{'name':'o','at':'%s','action':'vm.stop','target':'web-1'}",
		at);
	CHECK_OK(create(&w, text, &id, NULL), NULL);
	CHECK_STR(schedule(&w, id)->target, w.vms[0]);
	minutes_pass(1);
	CHECK(ends(&w, id, "succeeded"));
	CHECK_INT(schedule(&w, id)->next_at_ms, 0);
	minutes_pass(1000);
	nc_schedules_round(w.f->schedules);
	CHECK_INT(schedule(&w, id)->n_fired, 1);
	tear_down(&w);
}

/* ---- what can't be fired ---- */

static void arguments_have_a_limit(void)
{
	enum { LONG = 17 << 10 };
	world w;
	char fault[400];

	REQUIRE(set_up(&w));
	char *text = nc_arena_printf(w.a,
		"{'name':'big','cron':'@daily','action':'vm.stop','target':'web-1',"
		"'arguments':{'x':'%0*d'}}",
		LONG, 0);
	CHECK_CODE(create(&w, text, NULL, fault), NC_E_INVAL);
	CHECK_HAS(fault, "arguments: ");
	tear_down(&w);
}

/* Stored by an older daemon, or its zone file is gone since. */
static void what_cannot_be_fired_says_so_and_stands_in_nobodys_way(void)
{
	enum { BAD = 300 };
	world w;
	const char *bad[BAD];

	REQUIRE(set_up(&w));
	for (int i = 0; i < BAD; i++) {
		nc_object *o = state_new(&nc_kind_schedule, nc_arena_printf(w.a, "bad-%d", i), w.a);
		nc_schedule *s = NC_AS(nc_schedule, o);
		o->project = w.project;
		s->cron = "* * * * *";
		s->timezone = i ? "Nowhere/Gone" : "UTC";
		s->action = "vm.stop";
		s->target = w.vms[2];
		s->is_enabled = 1;
		s->next_at_ms = nc_clock_wall_ms() + 1000;
		if (!i)
			s->arguments =
				nc_str(nc_arena_printf(w.a, "{\"x\":\"%0*d\"}", 130 << 10, 0));
		bad[i] = o->id;
		state_put(&w.st, o);
	}
	const char *id = make_minutely(&w, "");
	minutes_pass(1);
	nc_schedules_round(w.f->schedules);
	CHECK_INT(schedule(&w, id)->n_fired, 1);
	for (int i = 0; i < BAD; i++) {
		const nc_schedule *s = schedule(&w, bad[i]);
		CHECK(s->next_at_ms > nc_clock_wall_ms());
		CHECK_INT(s->n_fired, 0);
		CHECK_INT(s->n_missed, 1);
		CHECK_HAS(s->last_result,
			i ? "failed: there is no time zone" : "failed: its request");
	}
	CHECK(ends(&w, id, "succeeded"));
	tear_down(&w);
}

/* ---- crashes ---- */

static void set_vm(world *w, int i, nc_vm_lifecycle lifecycle, int is_locked)
{
	nc_object *o = state_get(&w->st, &nc_kind_vm, w->vms[i], w->a);
	nc_vm *vm = NC_AS(nc_vm, o);
	vm->lifecycle = lifecycle;
	vm->power = lifecycle == NC_VM_STOPPED ? NC_POWER_OFF : NC_POWER_ON;
	vm->desired_state = lifecycle == NC_VM_STOPPED ? NC_VM_WANT_STOPPED : NC_VM_WANT_RUNNING;
	vm->is_locked = is_locked;
	state_put(&w->st, o);
}

/* One was stopped already and one was refused when it fired; what was done to them since is left. */
static void what_needed_nothing_is_not_done_by_the_next_life(void)
{
	world w;
	const char *id = NULL;

	REQUIRE(set_up(&w));
	CHECK_OK(create(&w,
			 "{'name':'all','cron':'* * * * *','action':'vm.stop',"
			 "'selector':'tier=web'}",
			 &id, NULL),
		NULL);
	set_vm(&w, 0, NC_VM_STOPPED, 0);
	set_vm(&w, 1, NC_VM_ACTIVE, 1);
	w.manner = HOLD;
	minutes_pass(1);
	for (int i = 0; i < 5000 && w.n_held < 1; i++) {
		nc_schedules_round(w.f->schedules);
		usleep(1000);
	}
	REQUIRE(w.n_held == 1);
	stop_engines(&w);
	REQUIRE(state_open(&w.st));
	set_vm(&w, 0, NC_VM_ACTIVE, 0);
	set_vm(&w, 1, NC_VM_ACTIVE, 0);
	w.manner = DO;
	REQUIRE(start_engines(&w));
	CHECK(ends(&w, id, "failed: 1 of 3 went wrong, first vm_"));
	CHECK_HAS(schedule(&w, id)->last_result, "locked");
	CHECK_INT(lifecycle(&w, 0), NC_VM_ACTIVE);
	CHECK_INT(lifecycle(&w, 1), NC_VM_ACTIVE);
	CHECK_INT(lifecycle(&w, 2), NC_VM_STOPPED);
	CHECK_INT(w.n_keys, 1);
	tear_down(&w);
}

/* From the n-th append on nothing reaches the store, then the process is gone. */
static void no_time_is_lost_or_fired_twice_whenever_the_store_dies(void)
{
	int has_failed = 1;

	for (uint64_t nth = 1; has_failed; nth++) {
		world w;
		REQUIRE(set_up(&w));
		const char *id = make_minutely(&w, "");
		minutes_pass(1);
		/* refused from then on; or nobody knows, and it is there, or it isn't */
		static const memstore_fault faults[] = { MS_REFUSE, MS_UNKNOWN_DONE,
			MS_UNKNOWN_LOST };
		memstore_fail(w.st.store, MS_APPEND, nth / 3 + 1, nth % 3 ? 0 : UINT64_MAX,
			faults[nth % 3]);
		for (int i = 0; i < 200; i++) {
			nc_schedules_round(w.f->schedules);
			const nc_schedule *s = schedule(&w, id);
			if (memstore_has_failed(w.st.store) ||
				(s->last_result && strcmp(s->last_result, "running")))
				break;
			usleep(1000);
		}
		has_failed = memstore_has_failed(w.st.store);
		memstore_cut(w.st.store);
		stop_engines(&w);
		memstore_heal(w.st.store);
		memstore_power(w.st.store, nc_test_random() % 8);
		REQUIRE(state_open(&w.st));
		REQUIRE(start_engines(&w));
		CHECK(ends(&w, id, "succeeded"));
		CHECK_INT(schedule(&w, id)->n_fired, 1);
		CHECK_INT(schedule(&w, id)->n_missed, 0);
		CHECK_INT(lifecycle(&w, 0), NC_VM_STOPPED);
		CHECK_INT(lifecycle(&w, 1), NC_VM_STOPPED);
		if (!CHECK_INT(w.n_keys, 2)) /* one operation for each of both */
			printf("    the store died at append %llu\n", (unsigned long long)nth);
		REQUIRE(nth < 200);
		tear_down(&w);
	}
}

static void what_was_slept_through_is_made_up_for_once(void)
{
	world w;

	REQUIRE(set_up(&w));
	const char *id = make_minutely(&w, "");
	const char *skip = NULL;
	CHECK_OK(create(&w,
			 "{'name':'s','cron':'0 * * * *','action':'vm.stop','target':'web-3',"
			 "'on_missed':'skip'}",
			 &skip, NULL),
		NULL);
	stop_engines(&w);
	int64_t hour = nc_clock_wall_ms() / 3600000;
	minutes_pass(60 * 24 + 10);
	if (nc_clock_wall_ms() % 3600000 < 120000)
		minutes_pass(5);
	REQUIRE(state_open(&w.st));
	REQUIRE(start_engines(&w));
	CHECK(ends(&w, id, "succeeded"));
	CHECK_INT(schedule(&w, id)->n_fired, 1);
	CHECK(schedule(&w, id)->n_missed >= 60 * 24);
	CHECK_INT(schedule(&w, skip)->n_fired, 0);
	CHECK_INT(schedule(&w, skip)->n_missed, nc_clock_wall_ms() / 3600000 - hour);
	CHECK_INT(lifecycle(&w, 2), NC_VM_ACTIVE);
	tear_down(&w);
}

NC_TESTS(flow_schedules){
	T(plan_says_what_is_due_and_what_was_missed),
	T(faults_name_the_field_and_the_value),
	T(pausing_forgets_the_next_time_and_a_new_cron_makes_a_new_one),
	T(firing_is_an_operation_that_says_why),
	T(one_that_fails_is_told_and_holds_up_nobody),
	T(forbid_skips_a_time_while_the_last_one_runs),
	T(allow_starts_beside_the_last_one),
	T(replace_ends_the_last_one_first),
	T(once_is_once),
	T(arguments_have_a_limit),
	T(what_cannot_be_fired_says_so_and_stands_in_nobodys_way),
	T(what_needed_nothing_is_not_done_by_the_next_life),
	T(no_time_is_lost_or_fired_twice_whenever_the_store_dies),
	T(what_was_slept_through_is_made_up_for_once),
};
