/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_CALL_H
#define NC_CLI_CALL_H

#include "cli/cli.h"
#include "cli/client.h"

/*
 * One request to the API: where, with what, and its answer as JSON or as an error. What the shared
 * flags say (project, dry run, idempotency key, If-Match) is put in by itself.
 *
 *	_cleanup_(nc_call_done) nc_call call;
 *	nc_call_init(&call, "POST", &nc_kind_vm, name, "start");
 *	nc_call_query(&call, "purge", "1");
 *	rc = nc_call_send(c, &call, err);      -> call.json
 */
typedef struct nc_call {
	const char *method;
	nc_buf path;
	json_t *body;         /* owned: sent if not NULL */
	const char *if_match; /* in place of the flag's */
	int64_t timeout_us;
	const volatile sig_atomic_t *interrupted;
	int takes_any_status; /* a document is an answer whatever the status */
	int is_aside; /* a look at something on the way: the flags of a change are not for it */

	/* the answer */
	int status;
	json_t *json; /* owned; NULL = the body was empty or is not JSON */
	char *text;   /* owned: the body, if it is not JSON */
	char etag[32];
	int is_replay;
} nc_call;

/* ref and action may be NULL: /api/v1/vms, /api/v1/vms/web-1, /api/v1/vms/web-1/start. */
void nc_call_init(nc_call *call, const char *method, const nc_kind *kind, const char *ref,
	const char *action);
void nc_call_init_path(nc_call *call, const char *method, const char *path); /* as it is */
void nc_call_done(nc_call *call);
void nc_call_segment(nc_call *call, const char *text);
void nc_call_query(nc_call *call, const char *name, const char *value); /* value NULL = nothing */
/* Sends it; an answer of 400 or more is an error with the server's message and hint, kept whole in
 * c->problem. */
nc_code nc_call_send(nc_cli *c, nc_call *call, nc_error *err);

/* GET one object, by the way. The caller owns *ret. */
nc_code nc_get_object(nc_cli *c, const nc_kind *kind, const char *ref, json_t **ret, nc_error *err);

const char *nc_cli_socket(const nc_cli *c);
const char *nc_cli_project(const nc_cli *c); /* of the flag or the environment; NULL = none */

/* The text of a member, or "" / otherwise. */
const char *nc_json_text(const json_t *o, const char *key);

#endif
