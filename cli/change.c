/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of every command that changes something. The API answers with the object, with
 * {operation, object}, with {changed: false, object} or {deleted: true, object}; people read one
 * line of it, programs get the document.
 */
#include "cli/change.h"

#include <string.h>

#include "base/err.h"
#include "cli/output.h"
#include "cli/wait.h"

/* The object inside an answer, whichever form it has; NULL = there is none. */
static const json_t *object_in(const json_t *answer)
{
	const json_t *inner = json_object_get(answer, "object");

	if (json_is_object(inner))
		return inner;
	return json_object_get(answer, "operation") ? NULL : answer;
}

static const char *name_in(const json_t *object, const json_t *operation)
{
	const json_t *target = json_object_get(operation, "target");

	if (*nc_json_text(object, "name"))
		return nc_json_text(object, "name");
	if (*nc_json_text(object, "id"))
		return nc_json_text(object, "id");
	return nc_json_text(target, "name");
}

static nc_code print_document(
	nc_cli *c, const nc_kind *kind, const json_t *document, const json_t *object, nc_error *err)
{
	if (nc_out_form_of(c) == NC_OUT_NAME && object)
		return nc_print_object(c, kind, object, err);
	return nc_out_form_of(c) == NC_OUT_NAME ? NC_OK : nc_print_json(c, document, err);
}

/* After its operation has succeeded: the object as it is now, or that it is gone. */
static nc_code tell_end(
	nc_cli *c, const nc_kind *kind, const json_t *op, const char *done, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *now = NULL;
	const json_t *target = json_object_get(op, "target");
	const char *id = nc_json_text(target, "id"), *name = nc_json_text(target, "name");
	nc_error gone = NC_ERROR_INIT;
	nc_code rc = *id ? nc_get_object(c, kind, id, &now, &gone) : NC_E_NOTFOUND;

	if (rc != NC_OK && rc != NC_E_NOTFOUND) {
		nc_err_copy(err, &gone);
		return rc;
	}
	if (nc_out_is_for_programs(c))
		return print_document(c, kind, now ? now : op, now, err);
	const char *status = nc_json_text(now, "status");
	int says_more = *status && strcmp(status, done) != 0;
	return nc_print_line(c, err, "%s %s %s%s%s", kind->name, *name ? name : id, done,
		says_more ? ": " : "", says_more ? status : "");
}

static nc_code wait_and_tell(
	nc_cli *c, const nc_kind *kind, const json_t *op, const char *done, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *ended = NULL;
	nc_code rc = nc_wait_operation(c, nc_json_text(op, "id"), &ended, err);

	if (rc == NC_OK)
		rc = nc_operation_outcome(ended, err);
	if (rc == NC_OK)
		return tell_end(c, kind, ended, done, err);
	const json_t *decisions = json_object_get(ended, "decision_ids");
	size_t n = json_array_size(decisions);
	if (n) { /* nc_report tells where to look */
		json_decref(c->problem);
		c->problem = json_pack("{s:O}", "decision", json_array_get(decisions, n - 1));
	}
	return rc;
}

static nc_code tell_started(nc_cli *c, const nc_kind *kind, const json_t *answer, const json_t *op,
	const char *done, nc_error *err)
{
	const json_t *object = object_in(answer);

	if (nc_out_is_for_programs(c))
		return print_document(c, kind, answer, object, err);
	return nc_print_line(c, err, "%s %s is being %s (operation %s)", kind->name,
		name_in(object, op), done, nc_json_text(op, "id"));
}

static nc_code tell_done(
	nc_cli *c, const nc_kind *kind, const json_t *answer, const char *done, nc_error *err)
{
	const json_t *object = object_in(answer);
	const json_t *changed = json_object_get(answer, "changed");

	if (nc_out_is_for_programs(c))
		return print_document(c, kind, answer, object, err);
	if (json_is_false(changed))
		return nc_print_line(c, err, "%s %s: nothing to do, it is %s", kind->name,
			name_in(object, NULL), nc_json_text(object, "status"));
	return nc_print_line(c, err, "%s %s %s", kind->name, name_in(object, NULL), done);
}

static nc_code tell_dry(
	nc_cli *c, const nc_kind *kind, const json_t *answer, const char *done, nc_error *err)
{
	const json_t *op = json_object_get(answer, "operation");

	if (nc_out_is_for_programs(c))
		return print_document(c, kind, answer, object_in(answer), err);
	return nc_print_line(c, err, "dry run: %s %s would be %s; nothing was changed", kind->name,
		name_in(object_in(answer), op), done);
}

nc_code nc_change_send(
	nc_cli *c, const nc_kind *kind, nc_call *call, const char *done, nc_error *err)
{
	nc_code rc = nc_call_send(c, call, err);

	if (rc != NC_OK)
		return rc;
	const json_t *op = json_object_get(call->json, "operation");
	if (call->is_replay)
		nc_tell(&c->term, "the answer of an earlier request with this key");
	if (nc_args_has(&c->args, "dry-run"))
		return tell_dry(c, kind, call->json, done, err);
	/* A VM has a member of that name too: only an object is an operation begun. */
	if (!json_is_object(op))
		return tell_done(c, kind, call->json, done, err);
	if (nc_args_has(&c->args, "wait"))
		return wait_and_tell(c, kind, op, done, err);
	return tell_started(c, kind, call->json, op, done, err);
}
