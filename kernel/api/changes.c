/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that change an object, of any kind: what the request says becomes an act, the act a
 * record, and the answer goes out when that is durable. No worker waits for it: the act lies in the
 * job's arena and the sequencer answers (or sends the job round again, when somebody was faster).
 */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/err.h"

/* What the sequencer says of an act's record; its thread. The job's reference comes along. */
static void on_durable(nc_act *a, const nc_error *why);

static nc_code fill_act(nc_api_job *j, nc_act *a, const nc_kind **kind, nc_error *err)
{
	nc_code rc = nc_job_query_bool(j, "dry_run", &a->is_dry_run, err);

	if (rc == NC_OK)
		rc = nc_kind_of_path(j->params[0], kind, err);
	return rc == NC_OK ? nc_job_name(j, a, err) : rc;
}

/* The act in the job's arena, since it may outlive the worker's turn at it. */
typedef struct job_act {
	nc_act act;
	nc_api_job *job;
} job_act;

static nc_act *begin_act(nc_api_job *j, const nc_kind **kind, nc_code *ret_rc, nc_error *err)
{
	job_act *ja = nc_arena_alloc(j->arena, sizeof(*ja));

	if (!ja) {
		*ret_rc = nc_err_nomem(err);
		return NULL;
	}
	*ja = (job_act){ .job = j,
		.act = { .flow = j->api->o.flow,
			.arena = j->arena,
			.if_match = j->if_match,
			.n_tries = j->n_tries,
			.on_durable = on_durable,
			.body = &j->out } };
	j->out.len = 0;
	nc_faults_init(&ja->act.faults, j->arena);
	nc_job_ref(j); /* on_durable's; given back where it will not be called */
	*ret_rc = fill_act(j, &ja->act, kind, err);
	return &ja->act;
}

/* "wait=60" in Prefer; -1 = not asked for. */
static int64_t prefer_wait_us(const nc_api_job *j)
{
	const char *p = j->prefer ? strstr(j->prefer, "wait=") : NULL;

	if (!p)
		return -1;
	int64_t s = strtoll(p + 5, NULL, 10);
	return s > 0 && s <= 3600 ? s * 1000000 : -1;
}

/* The object as it is in the end, or the operation that has not ended yet. */
static void finish_waiting(nc_api_job *j)
{
	nc_operation_answer(j, NC_ANSWER_OBJECT);
}

static void reply(nc_api_job *j, nc_act *a, const nc_error *why)
{
	nc_http_header headers[4];
	char etag[24], location[80], cursor[32];
	size_t n = 0;

	if (why) {
		nc_job_problem(j, why, a);
		return;
	}
	int64_t wait_us = a->operation && a->http_status == 202 ? prefer_wait_us(j) : -1;
	if (wait_us > 0) {
		j->is_replay = a->is_replay;
		nc_waiters_add(j->api->waiters, j, a->operation, wait_us, finish_waiting);
		return;
	}
	if (a->operation) {
		snprintf(location, sizeof(location), "/api/v1/operations/%s", a->operation);
		headers[n++] = (nc_http_header){ "Location", location };
	}
	if (a->revision) {
		nc_etag_header(a->revision, etag, &headers[n++]);
	}
	if (a->seq) {
		snprintf(cursor, sizeof(cursor), "%llu", (unsigned long long)a->seq);
		headers[n++] = (nc_http_header){ "X-Novacron-Seq", cursor };
	}
	if (a->is_replay)
		headers[n++] = (nc_http_header){ "Idempotency-Replayed", "true" };
	nc_job_reply(j, a->http_status, headers, n);
}

static void on_durable(nc_act *a, const nc_error *why)
{
	nc_api_job *j = NC_CONTAINER(a, job_act, act)->job;
	nc_error refusal = NC_ERROR_INIT;

	if (why)
		nc_err_copy(&refusal, why);
	if (why && nc_act_again(a, &refusal)) {
		j->n_tries = a->n_tries;
		nc_job_submit(j);
		return;
	}
	reply(j, a, why ? &refusal : NULL);
	nc_job_unref(j);
}

/* NC_ACT_PENDING: act and job may be gone. */
static void end_act(nc_api_job *j, nc_act *a, nc_code rc, const nc_error *err)
{
	if (rc == NC_ACT_PENDING)
		return;
	reply(j, a, rc == NC_OK ? NULL : err);
	if (a)
		nc_job_unref(j);
}

static nc_code need_object(const nc_api_job *j, nc_error *err)
{
	if (json_is_object(j->json))
		return NC_OK;
	return nc_problem_err(err, "malformed", "the body must be a JSON object");
}

static nc_code do_create(nc_api_job *j, nc_act *a, const nc_kind *kind, nc_error *err)
{
	nc_code rc = need_object(j, err);

	return rc == NC_OK ? nc_act_create(a, kind, j->json, err) : rc;
}

static nc_code do_patch(nc_api_job *j, nc_act *a, const nc_kind *kind, nc_error *err)
{
	nc_code rc = need_object(j, err);

	return rc == NC_OK ? nc_act_patch(a, kind, j->params[1], j->json, err) : rc;
}

static nc_code do_put(nc_api_job *j, nc_act *a, const nc_kind *kind, nc_error *err)
{
	nc_code rc = need_object(j, err);

	return rc == NC_OK ? nc_act_replace(a, kind, j->params[1], j->json, err) : rc;
}

static nc_code do_delete(nc_api_job *j, nc_act *a, const nc_kind *kind, nc_error *err)
{
	int is_purge = 0;
	nc_code rc = nc_job_query_bool(j, "purge", &is_purge, err);

	if (rc != NC_OK)
		return rc;
	return nc_act_delete(
		a, kind, j->params[1], is_purge ? NC_DELETE_PURGE : NC_DELETE_SOFT, err);
}

static nc_code may_act(const nc_api_job *j, const nc_kind *kind, nc_error *err)
{
	for (const nc_action *x = nc_actions(); x->kind; x++)
		if (!strcmp(x->kind, kind->name) && !strcmp(x->name, j->params[2]))
			return nc_principal_may(&j->who, x->permission, err);
	return NC_OK; /* nc_act_do says what there is */
}

static int has_sub(const nc_kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->n_fields; i++)
		if (kind->fields[i].mut == NC_SUBRESOURCE && !strcmp(kind->fields[i].name, name))
			return 1;
	return 0;
}

/* POST /{kind}/{ref}/{action}, or an element of a sub-resource: POST /vms/{id}/disks. */
static nc_code do_action(nc_api_job *j, nc_act *a, const nc_kind *kind, nc_error *err)
{
	nc_code rc = may_act(j, kind, err);

	if (rc != NC_OK)
		return rc;
	if (has_sub(kind, j->params[2]))
		return nc_act_sub(a, kind, j->params[1], j->params[2], NULL, j->json, err);
	return nc_act_do(a, kind, j->params[1], j->params[2], j->json, err);
}

static nc_code do_sub_patch(nc_api_job *j, nc_act *a, const nc_kind *kind, nc_error *err)
{
	nc_code rc = need_object(j, err);

	if (rc != NC_OK)
		return rc;
	return nc_act_sub(a, kind, j->params[1], j->params[2], j->params[3], j->json, err);
}

static nc_code do_sub_delete(nc_api_job *j, nc_act *a, const nc_kind *kind, nc_error *err)
{
	return nc_act_sub(a, kind, j->params[1], j->params[2], j->params[3], NULL, err);
}

static void act_with(nc_api_job *j,
	nc_code (*doing)(nc_api_job *j, nc_act *a, const nc_kind *kind, nc_error *err))
{
	nc_error err = NC_ERROR_INIT;
	const nc_kind *kind = NULL;
	nc_code rc = NC_OK;
	nc_act *a = begin_act(j, &kind, &rc, &err);

	if (rc == NC_OK)
		rc = doing(j, a, kind, &err);
	end_act(j, a, rc, &err);
}

#define WORK(name)                                                                                 \
	void nc_change_##name(nc_api_job *j)                                                       \
	{                                                                                          \
		act_with(j, do_##name);                                                            \
	}
WORK(create)
WORK(patch)
WORK(put)
WORK(delete)
WORK(action)
WORK(sub_patch)
WORK(sub_delete)
#undef WORK
