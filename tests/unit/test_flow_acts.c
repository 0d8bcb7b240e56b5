/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/qsbr.h"
#include "flow/care.h"
#include "flow/internal.h"
#include "model/operation.h"
#include "model/records.h"
#include "model/tenancy.h"
#include "state.h"

/* Requests that come at once, over a memory store that takes its time. */

typedef struct world {
	state st;
	nc_flow *f;
	nc_observed *observed;
	nc_vault *vault;
	nc_arena *a;
	nc_object *project;
} world;

static int set_up(world *w)
{
	memset(w, 0, sizeof(*w));
	_cleanup_(nc_freep) char *keys = nc_test_path("keys");
	(void)unlink(keys); /* of another installation */
	w->a = nc_arena_new(4u << 20);
	w->observed = nc_observed_new();
	if (!state_open(&w->st))
		return 0;
	nc_vault_options vo = { .db = w->st.db, .kind = NC_KIND_SECRET_VALUE, .key_file = keys };
	if (!CHECK_OK(nc_vault_open(&vo, &w->vault, NULL), NULL))
		return 0;
	nc_flow_options fo = { .db = w->st.db,
		.observed = w->observed,
		.vault = w->vault,
		.settings = { .idempotency_ttl_ms = 86400000 } };
	if (!CHECK_OK(nc_flow_new(&fo, &w->f, NULL), NULL))
		return 0;
	w->project = state_new(&nc_kind_project, "acme", w->a);
	return state_put(&w->st, w->project);
}

static void tear_down(world *w)
{
	nc_vault_close(w->vault);
	nc_db_close(w->st.db);
	w->st.db = NULL;
	nc_flow_free(w->f);
	state_free(&w->st);
	nc_observed_free(w->observed);
	nc_arena_free(w->a);
}

typedef struct request {
	world *w;
	const char *key, *description, *hash;
	char if_match[24];
	nc_code rc;
	int is_replay, status;
	nc_error err;
} request;

static void *send_it(void *arg)
{
	request *q = arg;
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(4u << 20);
	_cleanup_(nc_buf_done) nc_buf out;
	_cleanup_(nc_json_decrefp) json_t *body = json_pack("{s:s}", "description", q->description);
	nc_buf_init(&out, 1 << 20);
	nc_act act = { .flow = q->w->f,
		.arena = a,
		.actor = "uid:0",
		.reach = { .is_everywhere = 1 },
		.idempotency_key = q->key,
		.request_hash = q->hash,
		.if_match = q->if_match,
		.body = &out };
	q->rc = nc_act_patch(&act, &nc_kind_project, q->w->project->id, body, &q->err);
	q->is_replay = act.is_replay;
	q->status = act.http_status;
	return NULL;
}

static void send_at_once(request *q, int n)
{
	pthread_t threads[8];
	for (int i = 0; i < n; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, send_it, &q[i]), 0);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static request ask(world *w, const char *key, const char *description)
{
	request q = { .w = w, .key = key, .description = description, .hash = description };
	nc_object *now = state_get(&w->st, &nc_kind_project, w->project->id, w->a);
	snprintf(q.if_match, sizeof(q.if_match), "\"%llu\"", (unsigned long long)now->revision);
	return q;
}

static void same_request_twice_at_once_is_one_whatever_revision_it_meant(void)
{
	world w;
	REQUIRE(set_up(&w));
	memstore_set_delay_us(w.st.store, 20000);
	for (int round = 0; round < 10; round++) {
		char key[24], text[24];
		snprintf(key, sizeof(key), "key-%d", round);
		snprintf(text, sizeof(text), "text-%d", round);
		request q[4];
		int n_first = 0;
		for (int i = 0; i < 4; i++)
			q[i] = ask(&w, key, text);
		send_at_once(q, 4);
		for (int i = 0; i < 4; i++) {
			CHECK_OK(q[i].rc, &q[i].err);
			CHECK_INT(q[i].status, 200);
			n_first += !q[i].is_replay;
		}
		CHECK_INT(n_first, 1);
	}
	tear_down(&w);
}

static void another_request_at_once_is_told_that_its_revision_is_gone(void)
{
	world w;
	REQUIRE(set_up(&w));
	memstore_set_delay_us(w.st.store, 20000);
	request q[2] = { ask(&w, "one", "first"), ask(&w, "two", "second") };
	send_at_once(q, 2);
	int loser = q[0].rc == NC_OK;
	CHECK_OK(q[!loser].rc, &q[!loser].err);
	CHECK_CODE(q[loser].rc, NC_E_CONFLICT);
	CHECK_STR(q[loser].err.domain, "nc.changed");
	tear_down(&w);
}

/* ---- a key whose operation lies in the store alone ---- */

static pthread_t asker;
static int n_cold_reads, n_in_section;

/* Whoever is in a read section keeps what is replaced meanwhile from going. */
static void look_for_readers(void *arg, memstore_call call)
{
	(void)arg;
	if (call != MS_GET || !pthread_equal(pthread_self(), asker))
		return;
	n_cold_reads++;
	n_in_section += nc_qsbr_self() && nc_qsbr_is_online(nc_qsbr_self());
}

/* A finished operation, and the key that it was asked for with. */
static nc_object *put_answered(world *w, const char *key, const char *hash)
{
	char hex[65];
	nc_object *o = state_new(&nc_kind_operation, "update", w->a);
	nc_operation *op = NC_AS(nc_operation, o);
	op->verb = "project.update";
	op->state = NC_OPER_SUCCEEDED;
	op->target = (nc_op_target){ "project", w->project->id, w->project->name };
	nc_txn *t = nc_txn_new(w->st.db);
	CHECK_OK(nc_model_put_cold(t, o, NULL), NULL);
	nc_object *ko = state_new(&nc_kind_idempotency, "key", w->a);
	nc_sha256_hex(nc_str(nc_arena_printf(w->a, "uid:0\n\n%s", key)), hex);
	ko->id = nc_arena_printf(w->a, "idem_%.32s", hex);
	ko->status = "running";
	nc_idempotency *k = NC_AS(nc_idempotency, ko);
	k->request_hash = hash;
	k->operation = o->id;
	k->http_status = 202;
	k->expires_at_ms = nc_clock_wall_ms() + 86400000;
	CHECK_OK(nc_model_put(t, ko, NULL), NULL);
	CHECK_OK(nc_txn_commit(t, NULL, NULL), NULL);
	return o;
}

static int is_cold(world *w, const nc_object *o)
{
	const nc_root *r = nc_db_read_begin(w->st.db);
	int is_there = nc_root_get(r, NC_KIND_OPERATION, nc_str(o->id)) != NULL;
	nc_db_read_end(w->st.db);
	return !is_there;
}

static void answer_of_a_key_is_read_from_the_store_while_no_root_is_held(void)
{
	world w;
	REQUIRE(set_up(&w));
	nc_object *op = put_answered(&w, "key", "text");
	for (int i = 0; i < 1000 && !is_cold(&w, op); i++) {
		state_put(&w.st, w.project); /* it goes with a later record */
		nc_clock_sleep_us(5000);
	}
	REQUIRE(is_cold(&w, op));
	n_cold_reads = n_in_section = 0;
	asker = pthread_self();
	memstore_set_hook(w.st.store, look_for_readers, NULL);
	request q = ask(&w, "key", "text");
	send_it(&q);
	memstore_set_hook(w.st.store, NULL, NULL);
	CHECK_OK(q.rc, &q.err);
	CHECK_INT(q.status, 202);
	CHECK_INT(q.is_replay, 1);
	CHECK_INT(n_cold_reads, 1);
	CHECK_INT(n_in_section, 0);
	tear_down(&w);
}

/* A call of the kernel's own that ends when it is let. */
typedef struct hanging {
	sem_t is_let;
} hanging;

static void wait_until_let(void *arg, const nc_op_result *r)
{
	(void)r;
	while (sem_wait(&((hanging *)arg)->is_let) != 0)
		;
}

static void a_stop_tells_of_a_call_that_hangs_past_its_wait(void)
{
	world w;
	hanging h;
	nc_error err = NC_ERROR_INIT;
	REQUIRE(set_up(&w));
	sem_init(&h.is_let, 0, 0);
	nc_op_sink sink = { .done = wait_until_let, .arg = &h };
	nc_op_call call = { .verb = "provider.close", .provider = "prov_none" };
	CHECK_OK(nc_care_call(w.f, &call, &sink, &err), &err);
	w.f->own_call_max_s = 0;
	CHECK_CODE(nc_flow_stop(w.f), NC_E_TIMEOUT);
	sem_post(&h.is_let);
	w.f->own_call_max_s = NC_OWN_CALL_MAX_S;
	CHECK_OK(nc_flow_stop(w.f), NULL);
	sem_destroy(&h.is_let);
	tear_down(&w);
}

NC_TESTS(flow_acts){
	T(a_stop_tells_of_a_call_that_hangs_past_its_wait),
	T(answer_of_a_key_is_read_from_the_store_while_no_root_is_held),
	T(same_request_twice_at_once_is_one_whatever_revision_it_meant),
	T(another_request_at_once_is_told_that_its_revision_is_gone),
};
