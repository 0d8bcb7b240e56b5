/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idempotency-Key: by what a request is known, and what it means to routes that change something by
 * no act (cancel, reload, backup, a plugin's quarantine). An act keeps its answer in the record of
 * what it did; theirs is kept right after the deed, before it goes out. A crash between the two, or
 * the same request at the same moment, does it again: it finds what it asks for done already, or is
 * refused because of that. Workers.
 */
#include <string.h>

#include "api/internal.h"
#include "base/err.h"
#include "base/log.h"

/* What makes two requests the same one: method, path, query and body. Keyed, since it is stored and
 * shown, and all but a password in the body may be known. */
static const char *hash_request(nc_api_job *j)
{
	_cleanup_(nc_buf_done) nc_buf b;
	char hex[NC_FLOW_DIGEST_LEN + 1];

	nc_buf_init(&b, 4u << 20);
	nc_buf_printf(&b, "%s %s\n", j->method, j->path);
	for (size_t i = 0; i < j->n_query; i++)
		nc_buf_printf(&b, "%s=%s\n", j->query[i].name, j->query[i].value);
	nc_buf_put(&b, j->body.ptr, j->body.len);
	if (nc_buf_failed(&b))
		return NULL;
	nc_flow_digest(j->api->o.flow, nc_buf_bytes(&b), hex);
	return nc_arena_strdup(j->arena, hex);
}

static nc_code check_key(const char *key, nc_error *err)
{
	if (!key)
		return NC_OK;
	size_t n = strlen(key);
	for (size_t i = 0; i < n; i++)
		if (key[i] < 0x21 || key[i] > 0x7e)
			n = 0;
	if (n >= 1 && n <= 255)
		return NC_OK;
	return nc_problem_err(
		err, "invalid", "Idempotency-Key must be 1 to 255 printable characters");
}

nc_code nc_job_name(nc_api_job *j, nc_act *a, nc_error *err)
{
	nc_code rc = check_key(j->idempotency_key, err);

	if (rc != NC_OK)
		return rc;
	a->actor = j->who.name;
	a->idempotency_key = j->idempotency_key;
	if (j->idempotency_key && !(a->request_hash = hash_request(j)))
		return nc_err_nomem(err);
	return nc_job_reach(j, &a->reach, err);
}

void nc_job_run_once(nc_api_job *j)
{
	static const nc_http_header replayed = { "Idempotency-Replayed", "true" };
	nc_act a = { .flow = j->api->o.flow, .arena = j->arena, .body = &j->out };
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_job_name(j, &a, &err);

	if (rc == NC_OK)
		rc = nc_act_recall(&a, &err);
	if (rc == NC_E_EXISTS) {
		nc_job_reply(j, a.http_status, &replayed, 1);
	} else if (rc != NC_OK) {
		nc_job_problem(j, &err, NULL);
	} else {
		j->once = &a;
		j->route->work(j);
		j->once = NULL;
	}
}

void nc_job_remember(nc_api_job *j, int status)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = NC_OK;

	if (j->once)
		rc = nc_act_remember(j->once, status, nc_buf_bytes(&j->out), &err);
	if (rc != NC_OK && rc != NC_E_CONFLICT) /* that is the answer of one at the same moment */
		nc_log(L_WARN, "api.answer.not_kept", F_STR("path", j->path), F_ERR(&err),
			F_STR("consequence", "the same request again is carried out again"));
}
