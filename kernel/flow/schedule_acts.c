/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules as requests see them: what is wrong with one is told when it is made, not when it
 * fires. And whom it is meant for, which is asked again at each firing.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "flow/acts.h"
#include "flow/schedules.h"
#include "model/query.h"

/* ---- the action ---- */

const nc_action *nc_schedule_action(const char *word)
{
	if (strncmp(word, "vm.", 3) != 0)
		return NULL;
	for (const nc_action *x = nc_actions(); x->kind; x++)
		if (!strcmp(x->kind, "vm") && !strcmp(x->name, word + 3))
			/* what only administrators may is nobody's to schedule */
			return strcmp(x->permission, "vm.reset_state") ? x : NULL;
	return NULL;
}

static const char *list_actions(nc_arena *a)
{
	const char *list = "";

	for (const nc_action *x = nc_actions(); x->kind && list; x++) {
		const char *word = nc_arena_printf(a, "%s.%s", x->kind, x->name);
		if (word && nc_schedule_action(word))
			list = nc_arena_printf(a, "%s%s%s", list, *list ? ", " : "", word);
	}
	return list ? list : "";
}

static void check_action(const nc_schedule *s, nc_faults *f)
{
	if (!nc_schedule_action(s->action)) {
		nc_fault_add(f, "action", "choice", "\"%s\" is nothing that can be scheduled",
			s->action);
		nc_fault_hint(f, "there are %s", list_actions(f->arena));
	}
	if (s->arguments.ptr) {
		const char *p = s->arguments.ptr;
		if (*p != '{')
			nc_fault_add(f, "arguments", "type", "must be an object");
	}
	if (s->retention) {
		nc_fault_add(f, "retention", "unsupported", "%s leaves nothing that could be kept",
			s->action);
		nc_fault_hint(f, "leave it out: snapshots and backups can't be scheduled yet");
	}
}

/* ---- whom ---- */

#define LABELS_MAX 4

/* "env=prod,tier=web" as list parameters; how many, or -1. */
static int split_selector(const char *selector, nc_arena *a, nc_param out[LABELS_MAX])
{
	int n = 0;

	for (const char *p = selector; n < LABELS_MAX; n++) {
		size_t len = strcspn(p, ",");
		const char *eq = memchr(p, '=', len);
		if (!eq || eq == p)
			return -1;
		out[n].name = nc_arena_printf(a, "label.%.*s", (int)(eq - p), p);
		out[n].value =
			nc_arena_printf(a, "%.*s", (int)(len - (size_t)(eq + 1 - p)), eq + 1);
		if (!out[n].name || !out[n].value)
			return -1;
		p += len;
		if (!*p++)
			return n + 1;
	}
	return -1;
}

typedef struct selection {
	nc_arena *arena;
	const char **ids;
	size_t n, max, left_out;
} selection;

static nc_code take_row(void *ctx, const nc_item *it)
{
	selection *s = ctx;

	if (s->n == s->max) {
		s->left_out++;
		return NC_OK;
	}
	s->ids[s->n] = nc_arena_strdup(s->arena, nc_item_id(it));
	return s->ids[s->n++] ? NC_OK : NC_E_NOMEM;
}

static nc_code select_by_labels(
	const nc_schedule *s, const nc_root *r, selection *to, nc_faults *f, nc_error *err)
{
	nc_reach reach = { .project = s->o.project };
	nc_param params[LABELS_MAX];
	int n = split_selector(s->selector, to->arena, params);

	if (n < 0) {
		nc_fault_add(f, "selector", "format", "\"%.100s\" is not a list of key=value",
			s->selector);
		nc_fault_hint(f, "one to %d labels, all of which must match: env=prod,tier=web",
			LABELS_MAX);
		return nc_faults_error(f, err);
	}
	const char *cursor = NULL;
	do {
		nc_query q;
		nc_param all[LABELS_MAX + 2];
		size_t n_all = (size_t)n;
		memcpy(all, params, sizeof(params));
		all[n_all++] = (nc_param){ "limit", "1000" };
		if (cursor)
			all[n_all++] = (nc_param){ "cursor", cursor };
		nc_query_parse(&q, &nc_kind_vm, &reach, all, n_all, NULL, r, to->arena, f);
		if (nc_faults_any(f))
			return nc_faults_error(f, err);
		nc_code rc = nc_query_run(&q, r, take_row, to, &cursor, err);
		if (rc != NC_OK)
			return rc;
	} while (cursor);
	return NC_OK;
}

nc_code nc_schedule_select(const nc_schedule *s, const nc_root *r, nc_arena *a, size_t max,
	const char ***ret, size_t *ret_n, size_t *ret_left_out, nc_faults *faults, nc_error *err)
{
	selection to = { .arena = a, .max = max };
	nc_code rc = NC_OK;

	to.ids = nc_arena_new_array(a, const char *, max);
	if (!to.ids)
		return nc_err_nomem(err);
	if (s->target)
		to.ids[to.n++] = s->target;
	else
		rc = select_by_labels(s, r, &to, faults, err);
	if (rc != NC_OK)
		return rc == NC_E_NOMEM ? nc_err_nomem(err) : rc;
	*ret = to.ids;
	*ret_n = to.n;
	*ret_left_out = to.left_out;
	return NC_OK;
}

/* ---- requests ---- */

static nc_code check_target(nc_stage *st, const nc_root *r, nc_schedule *s, nc_error *err)
{
	nc_faults *f = &st->a->faults;
	nc_reach reach = { .project = s->o.project };
	nc_error why = NC_ERROR_INIT;
	const nc_item *it = NULL;
	const char **ids;
	size_t n, left_out;

	if (!s->target) {
		nc_code rc =
			nc_schedule_select(s, r, st->a->arena, 1, &ids, &n, &left_out, f, &why);
		return rc == NC_E_NOMEM ? nc_err_nomem(err) : NC_OK; /* faults are in f */
	}
	if (nc_model_resolve(r, &nc_kind_vm, &reach, s->target, &it, NULL, &why) != NC_OK) {
		nc_fault_add(f, "target", "not_found", "%s", why.message);
		if (why.hint[0])
			nc_fault_hint(f, "%s", why.hint);
		return NC_OK;
	}
	s->target = nc_arena_strdup(st->a->arena, nc_item_id(it)); /* names may move */
	return s->target ? NC_OK : nc_err_nomem(err);
}

static nc_code check(nc_stage *st, const nc_root *r, const nc_zone **ret_zone, nc_error *err)
{
	nc_schedule *s = NC_AS(nc_schedule, st->object);
	nc_faults *f = &st->a->faults;
	nc_error why = NC_ERROR_INIT;

	check_action(s, f);
	nc_code rc = check_target(st, r, s, err);
	if (rc != NC_OK)
		return rc;
	rc = nc_schedules_zone(st->a->flow->schedules, s->timezone, ret_zone, &why);
	if (rc == NC_E_NOMEM)
		return nc_err_nomem(err);
	if (rc != NC_OK) {
		nc_fault_add(f, "timezone", "format", "%s", why.message);
		nc_fault_hint(f, "%s", why.hint);
	}
	return nc_faults_any(f) ? nc_faults_error(f, err) : NC_OK;
}

static nc_code set_next(nc_stage *st, const nc_zone *z, nc_error *err)
{
	nc_schedule *s = NC_AS(nc_schedule, st->object);
	nc_faults *f = &st->a->faults;
	int64_t now = nc_clock_wall_ms();

	s->next_at_ms = 0;
	if (!s->is_enabled)
		return NC_OK;
	if (s->at_ms && s->at_ms <= now) {
		nc_fault_add(f, "at", "range", "is in the past");
		return nc_faults_error(f, err);
	}
	return nc_schedule_first_at(s, z, now, &s->next_at_ms, err);
}

static nc_code create(nc_stage *st, const nc_root *r, nc_error *err)
{
	const nc_zone *z = NULL;
	nc_code rc = check(st, r, &z, err);

	return rc == NC_OK ? set_next(st, z, err) : rc;
}

static nc_code changed(nc_stage *st, const nc_root *r, const nc_change *change, nc_error *err)
{
	static const char *const of_time[] = { "cron", "at", "timezone", "enabled" };
	const nc_zone *z = NULL;
	nc_code rc = check(st, r, &z, err);
	int is_moved = 0;

	for (size_t i = 0; i < change->n_fields; i++)
		for (size_t k = 0; k < NC_LEN(of_time); k++)
			is_moved |= !strcmp(change->fields[i], of_time[k]);
	return rc == NC_OK && is_moved ? set_next(st, z, err) : rc;
}

const nc_special nc_schedule_special = {
	.kind = &nc_kind_schedule, .create = create, .changed = changed
};
