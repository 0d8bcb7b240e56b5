/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "model/problem.h"
#include "model/vm.h"
#include "model_util.h"

/* The two tables of the VM, in full, and the walk along them. */

#define ARENA(a) _cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new((size_t)1 << 20)

/*
 * Status, written out another way than the table is: by lifecycle and power for a VM that nothing
 * is being done to; then what tasks change. Columns: unknown off on paused suspended crashed.
 */
static const char *const idle[NC_VM_LIFECYCLE_COUNT][NC_POWER_COUNT] = {
	[NC_VM_BUILDING] = { "creating", "creating", "creating", "creating", "creating",
		"creating" },
	[NC_VM_ACTIVE] = { "unknown", "stopped", "running", "paused", "suspended", "error" },
	[NC_VM_STOPPED] = { "unknown", "stopped", "running", "paused", "suspended", "error" },
	[NC_VM_PAUSED] = { "unknown", "stopped", "running", "paused", "suspended", "error" },
	[NC_VM_SUSPENDED] = { "unknown", "suspended", "running", "paused", "suspended", "error" },
	[NC_VM_RESCUED] = { "unknown", "rescued", "rescued", "rescued", "rescued", "rescued" },
	[NC_VM_RESIZED] = { "unknown", "resized", "resized", "resized", "resized", "resized" },
	[NC_VM_SHELVED] = { "shelved", "shelved", "shelved", "shelved", "shelved", "shelved" },
	[NC_VM_DELETED] = { "deleted", "deleted", "deleted", "deleted", "deleted", "deleted" },
	[NC_VM_ERROR] = { "error", "error", "error", "error", "error", "error" },
};

static const char *expected_status(nc_vm_lifecycle l, nc_vm_task t, nc_vm_power p)
{
	int is_settled = l == NC_VM_BUILDING || l == NC_VM_DELETED || l == NC_VM_ERROR;
	if (t == NC_VM_DELETING || t == NC_VM_PURGING)
		return "deleting";
	if (!is_settled && t == NC_VM_MIGRATING)
		return "migrating";
	if (!is_settled && (t == NC_VM_RESIZING || t == NC_VM_CONFIRMING || t == NC_VM_REVERTING))
		return "resizing";
	return idle[l][p];
}

static void every_combination_has_its_status(void)
{
	int seen[NC_VM_STATUS_COUNT] = { 0 };
	for (int l = 0; l < NC_VM_LIFECYCLE_COUNT; l++)
		for (int t = 0; t < NC_VM_TASK_COUNT; t++)
			for (int p = 0; p < NC_POWER_COUNT; p++) {
				nc_vm_status s = nc_vm_status_of(
					(nc_vm_lifecycle)l, (nc_vm_task)t, (nc_vm_power)p);
				REQUIRE((unsigned)s < NC_VM_STATUS_COUNT);
				seen[s] = 1;
				if (!CHECK_STR(nc_vm_status_words[s],
					    expected_status((nc_vm_lifecycle)l, (nc_vm_task)t,
						    (nc_vm_power)p)))
					fprintf(stderr, "%s/%s/%s\n", nc_vm_lifecycle_words[l],
						nc_vm_task_words[t], nc_vm_power_words[p]);
			}
	for (int s = 0; s < NC_VM_STATUS_COUNT; s++)
		CHECK(seen[s]);
}

static void what_was_seen_corrects_the_lifecycle(void)
{
	/* columns as above; '=' keeps; a s p u: active stopped paused suspended */
	static const char *const want[NC_VM_LIFECYCLE_COUNT] = {
		[NC_VM_BUILDING] = "======",
		[NC_VM_ACTIVE] = "=sapus",
		[NC_VM_STOPPED] = "=sapus",
		[NC_VM_PAUSED] = "=sapus",
		[NC_VM_SUSPENDED] = "=uapus",
		[NC_VM_RESCUED] = "======",
		[NC_VM_RESIZED] = "======",
		[NC_VM_SHELVED] = "======",
		[NC_VM_DELETED] = "======",
		[NC_VM_ERROR] = "======",
	};
	static const char letters[] = "baspurzhde";
	for (int l = 0; l < NC_VM_LIFECYCLE_COUNT; l++)
		for (int p = 0; p < NC_POWER_COUNT; p++) {
			nc_vm_lifecycle e = nc_vm_effective((nc_vm_lifecycle)l, (nc_vm_power)p);
			char w = want[l][p] == '=' ? letters[l] : want[l][p];
			CHECK_INT(letters[e], w);
		}
}

/*
 * Transitions, written out by verb. Columns: building active stopped paused suspended rescued
 * resized shelved deleted error. A capital: goes, and leads there ('=': stays what it is);
 * '.': holds already; '-': refused.
 */
static const struct {
	nc_vm_verb verb;
	const char *row;
	nc_vm_task task;
	int desired;
} moves[] = {
	{ NC_VM_START, "-.A-------", NC_VM_STARTING, NC_VM_WANT_RUNNING },
	{ NC_VM_STOP, "-S.S------", NC_VM_STOPPING, NC_VM_WANT_STOPPED },
	{ NC_VM_RESTART, "-A--------", NC_VM_RESTARTING, NC_VM_WANT_RUNNING },
	{ NC_VM_RESET, "-A-A------", NC_VM_RESETTING, NC_VM_WANT_RUNNING },
	{ NC_VM_PAUSE, "-P-.------", NC_VM_PAUSING, NC_VM_WANT_PAUSED },
	{ NC_VM_RESUME, "-.-A------", NC_VM_RESUMING, NC_VM_WANT_RUNNING },
	{ NC_VM_SUSPEND, "-U-U.-----", NC_VM_SUSPENDING, NC_VM_WANT_SUSPENDED },
	{ NC_VM_WAKE, "-.--A-----", NC_VM_WAKING, NC_VM_WANT_RUNNING },
	{ NC_VM_NMI, "-=--------", NC_VM_SIGNALLING, NC_VM_KEEP },
	{ NC_VM_RESIZE, "-Z=-------", NC_VM_RESIZING, NC_VM_KEEP },
	{ NC_VM_CONFIRM_RESIZE, "------A---", NC_VM_CONFIRMING, NC_VM_KEEP },
	{ NC_VM_REVERT_RESIZE, "------A---", NC_VM_REVERTING, NC_VM_KEEP },
	{ NC_VM_REBUILD, "-AA------A", NC_VM_REBUILDING, NC_VM_WANT_RUNNING },
	{ NC_VM_RESCUE, "-RR--.----", NC_VM_RESCUING, NC_VM_WANT_RUNNING },
	{ NC_VM_UNRESCUE, "-.---A----", NC_VM_UNRESCUING, NC_VM_WANT_RUNNING },
	{ NC_VM_SHELVE, "-HHHH--.--", NC_VM_SHELVING, NC_VM_WANT_SHELVED },
	{ NC_VM_UNSHELVE, "-.-----A--", NC_VM_UNSHELVING, NC_VM_WANT_RUNNING },
	{ NC_VM_MIGRATE, "-===------", NC_VM_MIGRATING, NC_VM_KEEP },
	{ NC_VM_SNAPSHOT, "-===------", NC_VM_SNAPSHOTTING, NC_VM_KEEP },
	{ NC_VM_ROLLBACK, "-===------", NC_VM_ROLLING_BACK, NC_VM_KEEP },
	{ NC_VM_CLONE, "-===------", NC_VM_CLONING, NC_VM_KEEP },
	{ NC_VM_RECONFIGURE, "-===------", NC_VM_RECONFIGURING, NC_VM_KEEP },
	{ NC_VM_BACKUP, "-===------", NC_VM_BACKING_UP, NC_VM_KEEP },
	{ NC_VM_RESTORE_BACKUP, "--S------S", NC_VM_RESTORING, NC_VM_WANT_STOPPED },
	{ NC_VM_EXPORT, "--=-------", NC_VM_EXPORTING, NC_VM_KEEP },
	{ NC_VM_DELETE, "DDDDDDDD.D", NC_VM_DELETING, NC_VM_WANT_DELETED },
	{ NC_VM_UNDELETE, "--------S-", NC_VM_RESTORING, NC_VM_WANT_STOPPED },
	{ NC_VM_PURGE, "DDDDDDDDDD", NC_VM_PURGING, NC_VM_WANT_DELETED },
};

static const char to_letters[] = "BASPURZHDE";

static void check_move(size_t i, nc_vm_lifecycle from)
{
	nc_vm_move m = nc_vm_transition(from, moves[i].verb);
	char cell = moves[i].row[from], is;
	if (m.verdict == NC_VM_REFUSED)
		is = '-';
	else if (m.verdict == NC_VM_HOLDS)
		is = '.';
	else
		is = m.to == NC_VM_KEEP ? '=' : to_letters[m.to];
	if (!CHECK_INT(is, cell))
		fprintf(stderr, "%s from %s\n", nc_vm_verb_words[moves[i].verb],
			nc_vm_lifecycle_words[from]);
	if (m.verdict == NC_VM_REFUSED) {
		CHECK(m.why && strlen(m.why) > 5);
		CHECK_INT(m.task, NC_VM_IDLE);
	} else if (m.verdict == NC_VM_GO) {
		CHECK_INT(m.task, moves[i].task);
		CHECK_INT(m.desired, moves[i].desired);
	}
}

static void every_verb_has_an_answer_in_every_lifecycle(void)
{
	CHECK_UINT(NC_LEN(moves), NC_VM_VERB_COUNT);
	for (size_t i = 0; i < NC_LEN(moves); i++) {
		CHECK_UINT(strlen(moves[i].row), NC_VM_LIFECYCLE_COUNT);
		for (int l = 0; l < NC_VM_LIFECYCLE_COUNT; l++)
			check_move(i, (nc_vm_lifecycle)l);
	}
}

static void words_go_both_ways(void)
{
	for (int v = 0; v < NC_VM_VERB_COUNT; v++) {
		nc_vm_verb verb = NC_VM_VERB_COUNT;
		CHECK_INT(nc_vm_verb_parse(nc_vm_verb_words[v], &verb), 0);
		CHECK_INT(verb, v);
	}
	for (int p = 0; p < NC_POWER_COUNT; p++) {
		nc_vm_power power = NC_POWER_COUNT;
		CHECK_INT(nc_vm_power_parse(nc_vm_power_words[p], &power), 0);
		CHECK_INT(power, p);
	}
	nc_vm_verb verb = NC_VM_START;
	nc_vm_power power = NC_POWER_ON;
	CHECK_INT(nc_vm_verb_parse("explode", &verb), -1);
	CHECK_INT(nc_vm_power_parse("", &power), -1);
}

/* ---- walking ---- */

static nc_vm *make(nc_arena *a, nc_vm_lifecycle l, nc_vm_power p)
{
	nc_vm *vm = NC_AS(nc_vm, mu_make(&nc_kind_vm, MU_VM, a));
	vm->lifecycle = l;
	vm->power = p;
	return vm;
}

static const char *status(nc_vm *vm)
{
	return nc_vm_status_words[nc_vm_status_of(vm->lifecycle, vm->task, vm->power)];
}

static void a_verb_begins_and_finishes(void)
{
	ARENA(a);
	nc_vm *vm = make(a, NC_VM_ACTIVE, NC_POWER_ON);
	nc_vm_move m;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_vm_begin(vm, NC_VM_STOP, "op_1", &m, &err), &err);
	CHECK_INT(m.verdict, NC_VM_GO);
	CHECK_INT(m.is_changed, 1);
	CHECK_INT(vm->task, NC_VM_STOPPING);
	CHECK_INT(vm->desired_state, NC_VM_WANT_STOPPED);
	CHECK_STR(vm->operation, "op_1");
	CHECK_HAS(mu_text(&vm->o), "\"doing\":{\"verb\":\"stop\",\"from\":\"active\"}");
	nc_vm_finish(vm, NC_POWER_OFF);
	CHECK_STR(status(vm), "stopped");
	CHECK_INT(vm->lifecycle, NC_VM_STOPPED);
	CHECK_INT(vm->task, NC_VM_IDLE);
	CHECK(vm->operation == NULL && vm->doing == NULL);
}

static void the_verb_survives_a_restart_of_the_kernel(void)
{
	ARENA(a);
	nc_vm *vm = make(a, NC_VM_STOPPED, NC_POWER_OFF);
	nc_vm_move m;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_vm_begin(vm, NC_VM_MIGRATE, "op_1", &m, &err), &err);
	nc_object *again;
	CHECK_OK(nc_object_decode(&nc_kind_vm, nc_str(mu_text(&vm->o)), a, &again, &err), &err);
	vm = NC_AS(nc_vm, again);
	REQUIRE(vm->doing != NULL);
	nc_vm_finish(vm, NC_POWER_UNKNOWN);
	CHECK_INT(vm->lifecycle, NC_VM_STOPPED);
	CHECK_INT(vm->power, NC_POWER_OFF);
}

static void a_busy_vm_names_its_operation(void)
{
	ARENA(a);
	nc_vm *vm = make(a, NC_VM_ACTIVE, NC_POWER_ON);
	nc_vm_move m;
	nc_error err = NC_ERROR_INIT;
	nc_vm_begin(vm, NC_VM_STOP, "op_7", &m, &err);
	CHECK_CODE(nc_vm_begin(vm, NC_VM_STOP, "op_8", &m, &err), NC_E_BUSY);
	CHECK_HAS(err.message, "op_7");
	CHECK_HAS(err.message, "stopping");
	CHECK_STR(vm->operation, "op_7");
}

static void a_goal_that_holds_changes_nothing_but_perhaps_the_wish(void)
{
	ARENA(a);
	nc_vm *vm = make(a, NC_VM_ACTIVE, NC_POWER_ON);
	nc_vm_move m;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_vm_begin(vm, NC_VM_START, "op", &m, &err), &err);
	CHECK_INT(m.verdict, NC_VM_HOLDS);
	CHECK_INT(m.is_changed, 0);
	CHECK_INT(vm->task, NC_VM_IDLE);
	/* it powered itself off, and would be started again: a stop must be remembered */
	vm->power = NC_POWER_OFF;
	CHECK_OK(nc_vm_begin(vm, NC_VM_STOP, "op", &m, &err), &err);
	CHECK_INT(m.verdict, NC_VM_HOLDS);
	CHECK_INT(m.is_changed, 1);
	CHECK_INT(vm->desired_state, NC_VM_WANT_STOPPED);
}

static void a_guest_that_is_off_can_be_started_whatever_lifecycle_says(void)
{
	ARENA(a);
	nc_vm_move m;
	nc_error err = NC_ERROR_INIT;
	nc_vm *vm = make(a, NC_VM_ACTIVE, NC_POWER_CRASHED);
	CHECK_OK(nc_vm_begin(vm, NC_VM_START, "op", &m, &err), &err);
	CHECK_INT(m.verdict, NC_VM_GO);
	vm = make(a, NC_VM_ACTIVE, NC_POWER_UNKNOWN); /* silent host: ask the driver */
	CHECK_OK(nc_vm_begin(vm, NC_VM_START, "op", &m, &err), &err);
	CHECK_INT(m.verdict, NC_VM_GO);
}

static void a_refusal_says_what_to_do_first(void)
{
	ARENA(a);
	nc_vm *vm = make(a, NC_VM_SUSPENDED, NC_POWER_OFF);
	nc_vm_move m;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_vm_begin(vm, NC_VM_START, "op", &m, &err), NC_E_CONFLICT);
	CHECK_STR(err.message, "can't start vm web-1: it is suspended");
	CHECK_STR(err.hint, "wake it first");
	vm->is_locked = 1;
	vm->locked_reason = "audit";
	CHECK_CODE(nc_vm_begin(vm, NC_VM_WAKE, "op", &m, &err), NC_E_CONFLICT);
	CHECK_STR(nc_problem_of(&err)->code, "locked");
	CHECK_HAS(err.message, "audit");
	CHECK_INT(vm->task, NC_VM_IDLE);
}

static void a_failure_without_effect_goes_back_and_a_partial_one_to_error(void)
{
	ARENA(a);
	nc_vm_move m;
	nc_error err = NC_ERROR_INIT, why = NC_ERROR_INIT;
	nc_vm *vm = make(a, NC_VM_ACTIVE, NC_POWER_ON);
	nc_err(&why, NC_E_UNAVAILABLE, "host h1 is silent");
	nc_vm_begin(vm, NC_VM_SUSPEND, "op", &m, &err);
	nc_vm_fail(vm, NC_VM_NO_EFFECT, &why);
	CHECK_STR(status(vm), "running");
	CHECK(vm->error == NULL);
	nc_vm_begin(vm, NC_VM_SUSPEND, "op", &m, &err);
	nc_vm_fail(vm, NC_VM_PARTIAL, &why);
	CHECK_STR(status(vm), "error");
	CHECK_STR(vm->error->message, "host h1 is silent");
	CHECK_STR(vm->error->code, "unavailable");
	nc_error back = NC_ERROR_INIT;
	nc_op_error_to(vm->error, &back);
	CHECK_INT(back.code, NC_E_UNAVAILABLE);
	nc_vm_reset_state(vm, NC_VM_ACTIVE);
	CHECK_STR(status(vm), "running");
	CHECK(vm->error == NULL);
	vm = make(a, NC_VM_BUILDING, NC_POWER_UNKNOWN);
	vm->task = NC_VM_SPAWNING;
	nc_vm_fail(vm, NC_VM_NO_EFFECT, &why);
	CHECK_STR(status(vm), "error");
}

static void a_build_ends_running_or_stopped(void)
{
	ARENA(a);
	nc_vm *vm = make(a, NC_VM_BUILDING, NC_POWER_UNKNOWN);
	vm->task = NC_VM_SPAWNING;
	CHECK_STR(status(vm), "creating");
	nc_vm_built(vm, NC_POWER_ON);
	CHECK_STR(status(vm), "running");
	nc_vm_built(vm, NC_POWER_OFF);
	CHECK_STR(status(vm), "stopped");
}

static void a_guest_that_powers_itself_off_meant_it_unless_it_is_to_run_always(void)
{
	static const struct {
		nc_vm_run_policy policy;
		nc_vm_power seen;
		nc_vm_desired want;
	} cases[] = {
		{ NC_RUN_ON_FAILURE, NC_POWER_OFF, NC_VM_WANT_STOPPED },
		{ NC_RUN_MANUAL, NC_POWER_OFF, NC_VM_WANT_STOPPED },
		{ NC_RUN_ALWAYS, NC_POWER_OFF, NC_VM_WANT_RUNNING },
		{ NC_RUN_ON_FAILURE, NC_POWER_CRASHED, NC_VM_WANT_RUNNING },
		{ NC_RUN_MANUAL, NC_POWER_UNKNOWN, NC_VM_WANT_RUNNING },
	};
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		ARENA(a);
		nc_vm *vm = make(a, NC_VM_ACTIVE, NC_POWER_ON);
		vm->run_policy = cases[i].policy;
		CHECK_INT(nc_vm_observe_power(vm, cases[i].seen, 1000), 1);
		CHECK_INT(vm->desired_state, cases[i].want);
		CHECK_INT(vm->o.observed_at_ms, 1000);
		CHECK_INT(nc_vm_observe_power(vm, cases[i].seen, 2000), 0);
		CHECK_INT(nc_vm_observe_power(vm, NC_POWER_ON, 1999), 0); /* too late */
		CHECK_INT(vm->power, cases[i].seen);
	}
}

static void power_seen_during_a_task_is_not_the_guests_wish(void)
{
	ARENA(a);
	nc_vm *vm = make(a, NC_VM_ACTIVE, NC_POWER_ON);
	nc_vm_move m;
	nc_error err = NC_ERROR_INIT;
	nc_vm_begin(vm, NC_VM_RESTART, "op", &m, &err);
	CHECK_INT(nc_vm_observe_power(vm, NC_POWER_OFF, 5), 1);
	CHECK_INT(vm->desired_state, NC_VM_WANT_RUNNING);
	CHECK_INT(vm->lifecycle, NC_VM_ACTIVE);
	nc_vm_finish(vm, NC_POWER_ON);
	CHECK_STR(status(vm), "running");
}

static void a_deleted_vm_comes_back_stopped(void)
{
	ARENA(a);
	nc_vm *vm = make(a, NC_VM_ACTIVE, NC_POWER_ON);
	nc_vm_move m;
	nc_error err = NC_ERROR_INIT;
	nc_vm_begin(vm, NC_VM_DELETE, "op", &m, &err);
	CHECK_STR(status(vm), "deleting");
	nc_vm_finish(vm, NC_POWER_OFF);
	nc_object_soft_delete(&vm->o, 1000);
	CHECK_STR(status(vm), "deleted");
	CHECK_INT(vm->o.purge_at_ms, vm->o.deleted_at_ms + 1000);
	CHECK_OK(nc_vm_begin(vm, NC_VM_UNDELETE, "op", &m, &err), &err);
	CHECK_OK(nc_object_restore(&vm->o, "web-2", &err), &err);
	nc_vm_finish(vm, NC_POWER_OFF);
	CHECK_STR(status(vm), "stopped");
	CHECK_STR(vm->o.name, "web-2");
	CHECK_INT(vm->o.deleted_at_ms, 0);
	CHECK_CODE(nc_object_restore(&vm->o, NULL, &err), NC_E_CONFLICT);
	nc_object_soft_delete(&vm->o, 0);
	CHECK_CODE(nc_object_restore(&vm->o, "Bad Name", &err), NC_E_INVAL);
}

static void the_first_ipv4_address_is_the_primary_one(void)
{
	ARENA(a);
	nc_vm *vm = make(a, NC_VM_ACTIVE, NC_POWER_ON);
	nc_vm_address first[] = { { "fd00::1", "agent", 5 }, { "10.0.0.5", "lease", 6 } };
	nc_vm_port ports[] = { { "nic_1", "52:54:00:00:00:01", first, 1 },
		{ "nic_2", NULL, first + 1, 1 } };
	vm->ports = ports;
	vm->n_ports = 1;
	CHECK_HAS(mu_text(&vm->o), "\"primary_ip\":\"fd00::1\"");
	vm->n_ports = 2;
	CHECK_HAS(mu_text(&vm->o), "\"primary_ip\":\"10.0.0.5\"");
	vm->n_ports = 0;
	CHECK_HAS(mu_text(&vm->o), "\"primary_ip\":null");
}

NC_TESTS(model_vm){
	T(every_combination_has_its_status),
	T(what_was_seen_corrects_the_lifecycle),
	T(every_verb_has_an_answer_in_every_lifecycle),
	T(words_go_both_ways),
	T(a_verb_begins_and_finishes),
	T(the_verb_survives_a_restart_of_the_kernel),
	T(a_busy_vm_names_its_operation),
	T(a_goal_that_holds_changes_nothing_but_perhaps_the_wish),
	T(a_guest_that_is_off_can_be_started_whatever_lifecycle_says),
	T(a_refusal_says_what_to_do_first),
	T(a_failure_without_effect_goes_back_and_a_partial_one_to_error),
	T(a_build_ends_running_or_stopped),
	T(a_guest_that_powers_itself_off_meant_it_unless_it_is_to_run_always),
	T(power_seen_during_a_task_is_not_the_guests_wish),
	T(a_deleted_vm_comes_back_stopped),
	T(the_first_ipv4_address_is_the_primary_one),
};
