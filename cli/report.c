/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a call that failed: what went wrong, what to do, and the exit code of the one table. */
#include "cli/report.h"

#include <string.h>

#include "cli/call.h"
#include "model/problem.h"

/* All faults of a request; a single one is the message itself. */
static void tell_faults(const nc_cli *c)
{
	const json_t *errors = json_object_get(c->problem, "errors");

	for (size_t i = 0; json_array_size(errors) > 1 && i < json_array_size(errors); i++) {
		const json_t *e = json_array_get(errors, i);
		const char *field = nc_json_text(e, "field"), *hint = nc_json_text(e, "hint");
		nc_tell(&c->term, "  %s%s%s%s%s%s", field, *field ? ": " : "",
			nc_json_text(e, "message"), *hint ? " (" : "", hint, *hint ? ")" : "");
	}
}

static void tell_users(const nc_cli *c)
{
	const json_t *list = json_object_get(c->problem, "used_by");
	size_t n = json_array_size(list);
	json_int_t all = json_integer_value(json_object_get(c->problem, "used_by_count"));

	for (size_t i = 0; i < n; i++) {
		const json_t *u = json_array_get(list, i);
		nc_tell(&c->term, "  used by %s %s (%s)", nc_json_text(u, "kind"),
			nc_json_text(u, "name"), nc_json_text(u, "id"));
	}
	if (all > (json_int_t)n)
		nc_tell(&c->term, "  and %" JSON_INTEGER_FORMAT " more", all - (json_int_t)n);
}

static void tell_where_to_look(const nc_cli *c)
{
	const char *decision = nc_json_text(c->problem, "decision");
	const char *request = nc_json_text(c->problem, "request_id");

	if (*decision)
		nc_tell(&c->term, "why: novacron decision show %s", decision);
	if (*request && !strcmp(nc_json_text(c->problem, "code"), "internal"))
		nc_tell(&c->term, "the daemon's log says more about request %s", request);
}

int nc_report(const nc_cli *c, const nc_error *err)
{
	nc_tell_error(&c->term, err->message);
	if (c->problem) {
		tell_faults(c);
		tell_users(c);
	}
	if (*err->hint)
		nc_tell_hint(&c->term, err->hint);
	if (c->problem)
		tell_where_to_look(c);
	return nc_problem_of(err)->exit_code;
}
