/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/problem.h"
#include "model/vm.h"

/*
 * The one table (lifecycle, verb) → task, next lifecycle, desired state; and the functions that
 * walk a VM along it. What has no row is refused with the advice of the lifecycle it is in, so
 * every combination has an answer. Changes the struct alone; storing is the caller's.
 */

const char *const nc_vm_lifecycle_words[] = { "building", "active", "stopped", "paused",
	"suspended", "rescued", "resized", "shelved", "deleted", "error", NULL };
const char *const nc_vm_task_words[] = { "", "scheduling", "spawning", "starting", "stopping",
	"restarting", "resetting", "pausing", "resuming", "suspending", "waking", "signalling",
	"resizing", "confirming", "reverting", "rebuilding", "rescuing", "unrescuing", "shelving",
	"unshelving", "migrating", "snapshotting", "rolling_back", "cloning", "reconfiguring",
	"backing_up", "restoring", "exporting", "deleting", "purging", NULL };
const char *const nc_vm_power_words[] = { "unknown", "off", "on", "paused", "suspended", "crashed",
	NULL };
const char *const nc_vm_desired_words[] = { "running", "stopped", "paused", "suspended", "shelved",
	"deleted", NULL };
const char *const nc_vm_verb_words[] = { "start", "stop", "restart", "reset", "pause", "resume",
	"suspend", "wake", "nmi", "resize", "confirm_resize", "revert_resize", "rebuild", "rescue",
	"unrescue", "shelve", "unshelve", "migrate", "snapshot", "rollback", "clone", "reconfigure",
	"backup", "restore_backup", "export", "delete", "undelete", "purge", NULL };
_Static_assert(NC_LEN(nc_vm_lifecycle_words) == NC_VM_LIFECYCLE_COUNT + 1, "words");
_Static_assert(NC_LEN(nc_vm_task_words) == NC_VM_TASK_COUNT + 1, "words");
_Static_assert(NC_LEN(nc_vm_power_words) == NC_POWER_COUNT + 1, "words");
_Static_assert(NC_LEN(nc_vm_desired_words) == NC_VM_DESIRED_COUNT + 1, "words");
_Static_assert(NC_LEN(nc_vm_verb_words) == NC_VM_VERB_COUNT + 1, "words");

#define L(x)   (1u << NC_VM_##x)
#define ALL    ((1u << NC_VM_LIFECYCLE_COUNT) - 1)
#define KEEP   NC_VM_KEEP
#define IN_USE (L(ACTIVE) | L(STOPPED) | L(PAUSED))

typedef struct row {
	nc_vm_verb verb;
	unsigned from; /* bit set of lifecycles */
	nc_vm_verdict verdict;
	nc_vm_task task;
	int to, desired;
	const char *why;
} row;

#define GO(verb, from, task, to, desired)                                                          \
	{                                                                                          \
		NC_VM_##verb, (from), NC_VM_GO, NC_VM_##task, (to), (desired), NULL                \
	}
#define HOLDS(verb, from, desired)                                                                 \
	{                                                                                          \
		NC_VM_##verb, (from), NC_VM_HOLDS, NC_VM_IDLE, KEEP, (desired), NULL               \
	}
#define NO(verb, from, why)                                                                        \
	{                                                                                          \
		NC_VM_##verb, (from), NC_VM_REFUSED, NC_VM_IDLE, KEEP, KEEP, (why)                 \
	}

static const row rows[] = {
	GO(START, L(STOPPED), STARTING, NC_VM_ACTIVE, NC_VM_WANT_RUNNING),
	HOLDS(START, L(ACTIVE), NC_VM_WANT_RUNNING),
	GO(STOP, L(ACTIVE) | L(PAUSED), STOPPING, NC_VM_STOPPED, NC_VM_WANT_STOPPED),
	HOLDS(STOP, L(STOPPED), NC_VM_WANT_STOPPED),
	GO(RESTART, L(ACTIVE), RESTARTING, NC_VM_ACTIVE, NC_VM_WANT_RUNNING),
	GO(RESET, L(ACTIVE) | L(PAUSED), RESETTING, NC_VM_ACTIVE, NC_VM_WANT_RUNNING),
	GO(PAUSE, L(ACTIVE), PAUSING, NC_VM_PAUSED, NC_VM_WANT_PAUSED),
	HOLDS(PAUSE, L(PAUSED), NC_VM_WANT_PAUSED),
	GO(RESUME, L(PAUSED), RESUMING, NC_VM_ACTIVE, NC_VM_WANT_RUNNING),
	HOLDS(RESUME, L(ACTIVE), NC_VM_WANT_RUNNING),
	GO(SUSPEND, L(ACTIVE) | L(PAUSED), SUSPENDING, NC_VM_SUSPENDED, NC_VM_WANT_SUSPENDED),
	HOLDS(SUSPEND, L(SUSPENDED), NC_VM_WANT_SUSPENDED),
	GO(WAKE, L(SUSPENDED), WAKING, NC_VM_ACTIVE, NC_VM_WANT_RUNNING),
	HOLDS(WAKE, L(ACTIVE), NC_VM_WANT_RUNNING),
	GO(NMI, L(ACTIVE), SIGNALLING, KEEP, KEEP),

	/* a stopped one needs no confirmation: nothing ran that could have failed to come up */
	GO(RESIZE, L(ACTIVE), RESIZING, NC_VM_RESIZED, KEEP),
	GO(RESIZE, L(STOPPED), RESIZING, KEEP, KEEP),
	GO(CONFIRM_RESIZE, L(RESIZED), CONFIRMING, NC_VM_ACTIVE, KEEP),
	NO(CONFIRM_RESIZE, L(ACTIVE) | L(STOPPED) | L(PAUSED), "there is no resize to confirm"),
	GO(REVERT_RESIZE, L(RESIZED), REVERTING, NC_VM_ACTIVE, KEEP),
	NO(REVERT_RESIZE, L(ACTIVE) | L(STOPPED) | L(PAUSED), "there is no resize to revert"),
	GO(REBUILD, L(ACTIVE) | L(STOPPED) | L(ERROR), REBUILDING, NC_VM_ACTIVE,
		NC_VM_WANT_RUNNING),
	GO(RESCUE, L(ACTIVE) | L(STOPPED), RESCUING, NC_VM_RESCUED, NC_VM_WANT_RUNNING),
	HOLDS(RESCUE, L(RESCUED), KEEP),
	GO(UNRESCUE, L(RESCUED), UNRESCUING, NC_VM_ACTIVE, NC_VM_WANT_RUNNING),
	HOLDS(UNRESCUE, L(ACTIVE), KEEP),
	GO(SHELVE, IN_USE | L(SUSPENDED), SHELVING, NC_VM_SHELVED, NC_VM_WANT_SHELVED),
	HOLDS(SHELVE, L(SHELVED), KEEP),
	GO(UNSHELVE, L(SHELVED), UNSHELVING, NC_VM_ACTIVE, NC_VM_WANT_RUNNING),
	HOLDS(UNSHELVE, L(ACTIVE), KEEP),

	GO(MIGRATE, IN_USE, MIGRATING, KEEP, KEEP),
	GO(SNAPSHOT, IN_USE, SNAPSHOTTING, KEEP, KEEP),
	GO(ROLLBACK, IN_USE, ROLLING_BACK, KEEP, KEEP),
	GO(CLONE, IN_USE, CLONING, KEEP, KEEP),
	GO(RECONFIGURE, IN_USE, RECONFIGURING, KEEP, KEEP),
	GO(BACKUP, IN_USE, BACKING_UP, KEEP, KEEP),
	GO(RESTORE_BACKUP, L(STOPPED) | L(ERROR), RESTORING, NC_VM_STOPPED, NC_VM_WANT_STOPPED),
	GO(EXPORT, L(STOPPED), EXPORTING, KEEP, KEEP),

	HOLDS(DELETE, L(DELETED), NC_VM_WANT_DELETED),
	GO(DELETE, ALL, DELETING, NC_VM_DELETED, NC_VM_WANT_DELETED),
	GO(UNDELETE, L(DELETED), RESTORING, NC_VM_STOPPED, NC_VM_WANT_STOPPED),
	NO(UNDELETE, ALL, "it is not deleted"),
	GO(PURGE, ALL, PURGING, NC_VM_DELETED, NC_VM_WANT_DELETED),
};

/* What to do first, by what it is in. */
static const char *const advice[] = {
	[NC_VM_BUILDING] = "wait until it is built, or delete it",
	[NC_VM_ACTIVE] = "stop it first",
	[NC_VM_STOPPED] = "start it first",
	[NC_VM_PAUSED] = "resume it first",
	[NC_VM_SUSPENDED] = "wake it first",
	[NC_VM_RESCUED] = "unrescue it first",
	[NC_VM_RESIZED] = "confirm or revert the resize first",
	[NC_VM_SHELVED] = "unshelve it first",
	[NC_VM_DELETED] = "restore it first",
	[NC_VM_ERROR] = "its error says why; rebuild it, delete it, or reset its state",
};
_Static_assert(NC_LEN(advice) == NC_VM_LIFECYCLE_COUNT, "an advice for each");

static int word_index(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

int nc_vm_verb_parse(const char *word, nc_vm_verb *ret)
{
	int i = word_index(nc_vm_verb_words, word);
	if (i < 0)
		return -1;
	*ret = (nc_vm_verb)i;
	return 0;
}

int nc_vm_power_parse(const char *word, nc_vm_power *ret)
{
	int i = word_index(nc_vm_power_words, word);
	if (i < 0)
		return -1;
	*ret = (nc_vm_power)i;
	return 0;
}

nc_vm_move nc_vm_transition(nc_vm_lifecycle from, nc_vm_verb verb)
{
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		const row *r = &rows[i];
		if (r->verb == verb && r->from >> from & 1)
			return (nc_vm_move){ r->verdict, r->task, r->to, r->desired, r->why, 0 };
	}
	return (nc_vm_move){ NC_VM_REFUSED, NC_VM_IDLE, KEEP, KEEP, advice[from], 0 };
}

static const char *name_of(const nc_vm *vm)
{
	return vm->o.name ? vm->o.name : vm->o.id;
}

static nc_code refuse_busy(const nc_vm *vm, nc_error *err)
{
	nc_code rc = nc_problem_err(err, "busy", "vm %s is busy %s (operation %s)", name_of(vm),
		nc_vm_task_words[vm->task], vm->operation ? vm->operation : "unknown");
	return nc_err_hint(err, rc, "wait for it: novacron operation wait %s",
		vm->operation ? vm->operation : "");
}

/* A migration's outcome is not known: the guest may run at either, and be copied still. */
static nc_code refuse_in_two_places(const nc_vm *vm, nc_vm_verb verb, nc_error *err)
{
	nc_code rc = nc_problem_err(err, "conflict",
		"can't %s vm %s: on which of two hosts it is, is not known", nc_vm_verb_words[verb],
		name_of(vm));
	return nc_err_hint(err, rc,
		"look at both, then: novacron vm reset-state %s LIFECYCLE --host HOST",
		name_of(vm));
}

static nc_code refuse(const nc_vm *vm, nc_vm_verb verb, const nc_vm_move *move, nc_error *err)
{
	nc_code rc = nc_problem_err(err, "conflict", "can't %s vm %s: it is %s",
		nc_vm_verb_words[verb], name_of(vm),
		nc_vm_status_words[nc_vm_status_of(vm->lifecycle, vm->task, vm->power)]);
	return nc_err_hint(err, rc, "%s", move->why);
}

nc_code nc_vm_begin(
	nc_vm *vm, nc_vm_verb verb, const char *operation, nc_vm_move *ret, nc_error *err)
{
	nc_vm_lifecycle from = nc_vm_effective(vm->lifecycle, vm->power);
	nc_vm_move move = nc_vm_transition(from, verb);
	if (vm->task != NC_VM_IDLE)
		return refuse_busy(vm, err);
	if (vm->move_to)
		return refuse_in_two_places(vm, verb, err);
	if (vm->is_locked) {
		nc_code rc = nc_problem_err(err, "locked", "vm %s is locked%s%s", name_of(vm),
			vm->locked_reason ? ": " : "", vm->locked_reason ? vm->locked_reason : "");
		return nc_err_hint(err, rc,
			"look what it is, then: novacron vm reset-state %s active, or stopped",
			name_of(vm));
	}
	if (move.verdict == NC_VM_REFUSED)
		return refuse(vm, verb, &move, err);
	/* A silent host: whether the goal holds is not known, so the driver is asked. */
	if (move.verdict == NC_VM_HOLDS && from == NC_VM_ACTIVE && vm->power == NC_POWER_UNKNOWN &&
		verb == NC_VM_START)
		move = (nc_vm_move){ NC_VM_GO, NC_VM_STARTING, NC_VM_ACTIVE, move.desired, NULL,
			0 };
	nc_vm_doing *doing = nc_arena_new_array(vm->o.arena, nc_vm_doing, 1);
	if (!doing)
		return nc_err_nomem(err);
	*doing = (nc_vm_doing){ verb, from };
	move.is_changed = move.verdict == NC_VM_GO ||
			  (move.desired != KEEP && move.desired != (int)vm->desired_state);
	if (move.desired != KEEP)
		vm->desired_state = (nc_vm_desired)move.desired;
	if (move.verdict == NC_VM_GO) {
		vm->task = move.task;
		vm->doing = doing;
		vm->operation = operation;
	}
	*ret = move;
	return NC_OK;
}

static void end_task(nc_vm *vm)
{
	vm->task = NC_VM_IDLE;
	vm->doing = NULL;
	vm->operation = NULL;
}

void nc_vm_finish(nc_vm *vm, nc_vm_power power)
{
	nc_assert(vm->doing);
	nc_vm_move move = nc_vm_transition(vm->doing->from, vm->doing->verb);
	vm->lifecycle = move.to == KEEP ? vm->doing->from : (nc_vm_lifecycle)move.to;
	if (power != NC_POWER_UNKNOWN)
		vm->power = power;
	if (vm->lifecycle != NC_VM_ERROR)
		vm->error = NULL;
	vm->is_as_asked = 1;
	end_task(vm);
}

void nc_vm_built(nc_vm *vm, nc_vm_power power)
{
	vm->power = power;
	vm->lifecycle = power == NC_POWER_OFF ? NC_VM_STOPPED : NC_VM_ACTIVE;
	vm->error = NULL;
	vm->is_as_asked = 1;
	end_task(vm);
}

void nc_vm_fail(nc_vm *vm, nc_vm_effect effect, const nc_error *why)
{
	/* What was never built has nothing to go back to. */
	if (effect == NC_VM_PARTIAL || vm->lifecycle == NC_VM_BUILDING) {
		vm->lifecycle = NC_VM_ERROR;
		vm->error = nc_op_error_of(vm->o.arena, why);
	} else {
		vm->lifecycle = nc_vm_effective(vm->lifecycle, vm->power);
	}
	end_task(vm);
}

void nc_vm_reset_state(nc_vm *vm, nc_vm_lifecycle lifecycle)
{
	vm->lifecycle = lifecycle;
	vm->error = NULL;
	end_task(vm);
}

int nc_vm_observe_power(nc_vm *vm, nc_vm_power power, int64_t at_ms)
{
	if (at_ms < vm->o.observed_at_ms)
		return 0;
	vm->o.observed_at_ms = at_ms;
	if (vm->power == power)
		return 0;
	vm->power = power;
	if (vm->task != NC_VM_IDLE || power == NC_POWER_UNKNOWN)
		return 1;
	vm->lifecycle = nc_vm_effective(vm->lifecycle, power);
	/* A guest that powered itself off meant it; a crash is not a wish. */
	if (power == NC_POWER_OFF && vm->lifecycle == NC_VM_STOPPED &&
		vm->run_policy != NC_RUN_ALWAYS)
		vm->desired_state = NC_VM_WANT_STOPPED;
	return 1;
}
