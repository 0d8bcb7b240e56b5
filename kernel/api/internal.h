/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_API_INTERNAL_H
#define NC_API_INTERNAL_H

/* Inside of api/. Nobody else includes it. */

#include <pthread.h>

#include "api/api.h"
#include "auth/principal.h"
#include "base/atomics.h"
#include "base/jsonw.h"
#include "model/problem.h"
#include "model/query.h"

typedef struct nc_waiters nc_waiters;

struct nc_api {
	nc_api_options o;
	nc_http_server *server;
	nc_pool *pool;
	nc_waiters *waiters;
	nc_http_route *routes;
	size_t n_routes;
	gid_t admin_gid;           /* of server.socket_group; (gid_t)-1 = none */
	pthread_mutex_t live_lock; /* guards n_live */
	pthread_cond_t none_live;
	size_t n_live; /* jobs that are not freed yet */
};

/* ---- route.c: what a route is ---- */

/* What a handler gets, beside the request: who asks, and on whose behalf. Reactor thread. */
typedef struct nc_call_ctx {
	nc_api *api;
	nc_http_req *req;
	nc_principal who;
	nc_arena *arena;
} nc_call_ctx;

/* On the reactor: answers at once, never blocks. */
typedef void (*nc_api_read_fn)(nc_call_ctx *c);

/* On a worker: everything it needs was copied out of the request. Held by whoever is to answer it:
 * the worker that runs it, then perhaps the waiters, or the sequencer until its record is durable. */
typedef struct nc_api_job {
	nc_job job;
	nc_refs refs;
	nc_api *api;
	const struct nc_api_route *route;
	nc_http_token token;
	nc_arena *arena;
	nc_principal who;
	const char *request_id;
	const char *method, *path;
	const char *params[4]; /* of the pattern, in order */
	const nc_http_pair *query;
	size_t n_query;
	nc_bytes body;
	json_t *json; /* the body parsed; NULL = none */
	const char *project, *if_match, *idempotency_key, *prefer;
	nc_buf out;
	uint32_t n_tries; /* of its act */
	int is_replay;    /* of what it waits for: it was asked before, with the same key */
	nc_act *once;     /* what the answer is kept under; NULL = nowhere */
	int is_cut;       /* the daemon is stopping: answer what there is, wait for nothing */
	char waits_for[NC_DB_ID_MAX + 1];
	void (*finish)(struct nc_api_job *j);
	int64_t deadline_us; /* of a long poll */
} nc_api_job;
typedef void (*nc_api_work_fn)(nc_api_job *j);

typedef struct nc_api_route {
	const char *method, *pattern;
	const char *permission; /* "{kind}.read": the kind's name is filled in */
	nc_api_read_fn read;    /* one of the two */
	nc_api_work_fn work;
	const char *doc;
	size_t body_limit; /* 0 = none taken */
	/* Words that `work` knows besides "project", NULL-ended; with `read`: NULL = it looks itself. */
	const char *const *query;
	int is_once; /* `work` is no act, and its answer is kept under the Idempotency-Key */
} nc_api_route;

extern const nc_api_route nc_api_objects[], nc_api_operations[], nc_api_decisions[],
	nc_api_events_routes[], nc_api_admin[], nc_api_families[], nc_api_plugins[],
	nc_api_health[], nc_api_hosts[];

uint64_t nc_revision_in(nc_bytes body); /* an object's, for its ETag; 0 = it has none */
/* "ETag: <revision>" into h; text is its storage. */
void nc_etag_header(uint64_t revision, char text[24], nc_http_header *h);
/* What ?project= makes visible; the id is in the job's arena. */
nc_code nc_job_reach(nc_api_job *j, nc_reach *ret, nc_error *err);
const char *nc_job_query(const nc_api_job *j, const char *name); /* NULL = absent */
/* 1 or true, 0 or false; a bare name is true, absent is false. */
nc_code nc_job_query_bool(const nc_api_job *j, const char *name, int *ret, nc_error *err);

/* ---- answers ---- */
void nc_reply_json(
	nc_http_req *req, int status, nc_bytes json, const nc_http_header *headers, size_t n);
void nc_reply_problem(nc_http_req *req, const nc_error *err, const nc_act *act /* or NULL */);
void nc_job_reply(nc_api_job *j, int status, const nc_http_header *headers, size_t n);
void nc_job_problem(nc_api_job *j, const nc_error *err, const nc_act *act);
void nc_problem_render(const nc_error *err, const nc_act *act, const char *request_id, nc_buf *out);
const char *nc_api_render_fault(void *user, const nc_http_fault *f, nc_buf *body);

/* ---- operations.c ---- */
/* Answer a job with the operation named by j->waits_for: 202 while it goes on, else 200 with the
 * final object (NC_ANSWER_OBJECT) or the operation. */
typedef enum { NC_ANSWER_OPERATION, NC_ANSWER_OBJECT } nc_answer_what;
void nc_operation_answer(nc_api_job *j, nc_answer_what what);

/* ---- objects.c ---- */
/* The project named by ?project= (or none): its id into reach. */
nc_code nc_reach_of(const nc_root *r, const char *project, nc_reach *ret, nc_error *err);
/* Whether it has routes of its own among the objects. */
int nc_kind_has_path(const nc_kind *kind);
nc_code nc_kind_of_path(const char *plural, const nc_kind **ret, nc_error *err);

/* ---- changes.c: the handlers of what changes an object ---- */
void nc_change_create(nc_api_job *j);
void nc_change_patch(nc_api_job *j);
void nc_change_put(nc_api_job *j);
void nc_change_delete(nc_api_job *j);
void nc_change_action(nc_api_job *j);
void nc_change_sub_patch(nc_api_job *j);
void nc_change_sub_delete(nc_api_job *j);

/* ---- page.c: a page of what lies in the store, by age: ?limit=, ?cursor=, ?project= ---- */
typedef struct nc_page {
	nc_api_job *j;
	nc_reach reach; /* of these projects */
	uint32_t n, limit;
	const char *cursor; /* it goes on after this id; "" = from the first */
	const char *last;   /* the last that was looked at */
} nc_page;

/* Reads what was asked, and begins the answer in j->out. */
nc_code nc_page_begin(nc_page *p, nc_api_job *j, nc_error *err);
void nc_page_looked_at(nc_page *p, const char *id);
/* Whether one of this project (its JSON; what has none is everybody's) belongs on the page. */
int nc_page_shows(const nc_page *p, nc_bytes project);
/* One was written to j->out. NC_E_BUSY = the page is full: end the walk. */
nc_code nc_page_added(nc_page *p);
/* rc: how the walk ended. */
void nc_page_answer(nc_page *p, nc_code rc, const nc_error *err);

/* ---- once.c: the same request twice ---- */
/* Who asks, where, and the request's key and hash, into the act. */
nc_code nc_job_name(nc_api_job *j, nc_act *a, nc_error *err);
/* The work of a route that is_once, or the answer of an earlier request with the job's key. */
void nc_job_run_once(nc_api_job *j);
/* The answer is about to go out. Blocking, of such a route. */
void nc_job_remember(nc_api_job *j, int status);

/* ---- waiters.c: those who wait for an operation to end ---- */
nc_code nc_waiters_new(nc_api *api, nc_waiters **ret, nc_error *err);
void nc_waiters_free(nc_waiters *w);
/* The job answers when the operation has ended or the time is over: `finish` runs on a worker.
 * Takes a reference. */
void nc_waiters_add(nc_waiters *w, nc_api_job *j, const char *operation, int64_t timeout_us,
	void (*finish)(nc_api_job *j));
void nc_waiters_published(nc_waiters *w, const nc_db_batch *b);
void nc_waiters_wake(nc_waiters *w, const char *what); /* everyone who waits for this */
void nc_waiters_drain(nc_waiters *w);

/* ---- route.c ---- */
nc_code nc_api_build_routes(nc_api *api, nc_error *err);
/* Run it (again) on a worker. Takes the caller's reference. */
void nc_job_submit(nc_api_job *j);
nc_api_job *nc_job_ref(nc_api_job *j);
void nc_job_unref(nc_api_job *j);

#endif
