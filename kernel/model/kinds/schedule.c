/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cron.h"
#include "base/err.h"
#include "model/governance.h"

/* A durable timer: each firing starts an operation. */

static const char *const missed_words[] = { "run_once", "skip", NULL };
static const char *const concurrency_words[] = { "forbid", "allow", "replace", NULL };

static const nc_field_def fields[] = {
	NC_FIELD_STR(nc_schedule, cron, "cron", .max_len = 100,
		.doc = "Minute, hour, day, month, weekday: 0 3 * * *; or @daily"),
	NC_FIELD_TIME(nc_schedule, at_ms, "at", .doc = "Or once, then"),
	NC_FIELD_STR(nc_schedule, timezone, "timezone", .flags = NC_FF_DEFAULT, .def_s = "UTC",
		.max_len = 63, .doc = "Name of the time zone: Europe/Berlin"),
	NC_FIELD_STR(nc_schedule, action, "action", .flags = NC_FF_REQUIRED, .max_len = 63,
		.doc = "What to do: vm.stop"),
	NC_FIELD_JSON(nc_schedule, arguments, "arguments", .max_len = 16 << 10,
		.doc = "The request it is done with"),
	NC_FIELD_STR(nc_schedule, target, "target", .max_len = 63, .doc = "One VM, or"),
	NC_FIELD_STR(nc_schedule, selector, "selector",
		.doc = "labels of many, all must match: env=prod,tier=web"),
	NC_FIELD_I64(nc_schedule, retention, "retention", .max = 100000, .flags = NC_FF_ZERO_NULL,
		.doc = "How many results are kept; left out: all"),
	NC_FIELD_ENUM(nc_schedule, on_missed, "on_missed", missed_words, .flags = NC_FF_DEFAULT,
		.doc = "What to do about firings that were slept through"),
	NC_FIELD_ENUM(nc_schedule, concurrency, "concurrency", concurrency_words,
		.flags = NC_FF_DEFAULT, .doc = "What to do while the last one still runs"),
	NC_FIELD_BOOL(nc_schedule, is_enabled, "enabled", .flags = NC_FF_DEFAULT, .def = 1,
		.doc = "Whether it fires"),
	NC_FIELD_TIME(nc_schedule, next_at_ms, "next_at", NC_BY_SERVER, .flags = NC_FF_INDEXED,
		.index = NC_SCHEDULE_IX_NEXT, .doc = "When it fires next"),
	NC_FIELD_TIME(
		nc_schedule, last_at_ms, "last_at", NC_BY_SERVER, .doc = "When it fired last"),
	NC_FIELD_REF(nc_schedule, last_operation, "last_operation", NC_KIND_OPERATION, NC_BY_SERVER,
		.flags = NC_FF_WEAK, .doc = "What that started"),
	NC_FIELD_STR(nc_schedule, last_result, "last_result", NC_BY_SERVER, .max_len = 400,
		.doc = "What came of that: running, succeeded, failed and why"),
	NC_FIELD_I64(nc_schedule, n_fired, "fired", NC_BY_SERVER, .doc = "How often so far"),
	NC_FIELD_I64(nc_schedule, n_missed, "missed", NC_BY_SERVER, .doc = "How often not"),
};
static const char *const indexes[] = { "next_at" };
static const char *const statuses[] = { "active", "paused", NULL };

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_schedule *s = NC_AS(const nc_schedule, obj);
	nc_error why = NC_ERROR_INIT;
	nc_cron cron;
	if (!s->cron == !s->at_ms)
		nc_fault_add(f, "cron", "conflict", "either cron or at must be given");
	if (s->cron && nc_cron_parse(s->cron, &cron, &why) != NC_OK) {
		nc_fault_add(f, "cron", "format", "%s", why.message);
		nc_fault_hint(f, "%s", why.hint);
	}
	if (!s->target == !s->selector)
		nc_fault_add(f, "target", "conflict", "either target or selector must be given");
}

static void derive(nc_object *obj)
{
	obj->status = NC_AS(nc_schedule, obj)->is_enabled ? "active" : "paused";
}

const nc_kind nc_kind_schedule = {
	NC_KIND_TABLE(SCHEDULE, "schedule", "schedules", "sch", nc_schedule, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.statuses = statuses,
	.initial_status = "active",
	.validate = validate,
	.derive = derive,
	.doc = "A durable timer: each firing starts an operation",
};
