/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

/* See sched_world.h. */

static void on_published(void *arg, const nc_db_batch *b)
{
	world *w = arg;

	if (w->s)
		nc_sched_apply(w->s, b);
}

static void on_store_call(void *arg, memstore_call call)
{
	world *w = arg;

	if (call != MS_APPEND)
		return;
	pthread_mutex_lock(&w->hold_lock);
	while (w->is_holding) {
		w->is_held = 1;
		pthread_cond_wait(&w->released, &w->hold_lock);
	}
	w->is_held = 0;
	pthread_mutex_unlock(&w->hold_lock);
}

static int make_sched(world *w, nc_sched_algorithm algorithm)
{
	nc_error err = NC_ERROR_INIT;
	nc_sched_options o = { .algorithm = algorithm,
		.vcpu_ratio = 4,
		.memory_ratio = 1,
		.disk_ratio = 1,
		.reserve_memory_mib = 2048,
		.reserve_memory_percent = 5,
		.db = w->st.db };

	if (!CHECK_OK(nc_sched_new(&o, &w->s, &err), &err))
		return 0;
	const nc_root *r = nc_db_read_begin(w->st.db);
	int is_ok = CHECK_OK(nc_sched_load(w->s, r, &err), &err);
	nc_db_read_end(w->st.db);
	return is_ok;
}

int world_open(world *w, nc_sched_algorithm algorithm)
{
	*w = (world){ .st = { .published = on_published } };
	w->st.arg = w;
	pthread_mutex_init(&w->hold_lock, NULL);
	pthread_cond_init(&w->released, NULL);
	w->a = nc_arena_new(256u << 20);
	if (!state_open(&w->st))
		return 0;
	memstore_set_hook(w->st.store, on_store_call, w);
	if (!make_sched(w, algorithm))
		return 0;
	nc_object *o = state_new(&nc_kind_provider, "farm", w->a);
	w->provider = NC_AS(nc_provider, o);
	w->provider->plugin = "novacron.sim";
	w->provider->is_enabled = 1;
	return state_put(&w->st, o);
}

int world_reopen(world *w)
{
	state_close(&w->st);
	nc_sched_free(w->s);
	w->s = NULL;
	return state_open(&w->st) && make_sched(w, NC_SCHED_BEST_FIT);
}

void world_free(world *w)
{
	state_free(&w->st);
	nc_sched_free(w->s);
	nc_arena_free(w->a);
	pthread_mutex_destroy(&w->hold_lock);
	pthread_cond_destroy(&w->released);
}

/* ---- objects ---- */

nc_host_obj *world_host_unput(world *w, const char *name, int64_t vcpus, int64_t mem, int64_t disk)
{
	nc_object *o = state_new(&nc_kind_host, name, w->a);
	nc_host_obj *h = NC_AS(nc_host_obj, o);

	h->provider = w->provider->o.id;
	h->reach = NC_HOST_UP;
	h->vcpu_ratio = h->memory_ratio = h->disk_ratio = 1;
	h->reserved_memory_mib = 1;
	h->vcpus = vcpus;
	h->memory_mib = mem + 1;
	h->disk_gib = disk;
	return h;
}

nc_host_obj *world_host(world *w, const char *name, int64_t vcpus, int64_t mem, int64_t disk)
{
	nc_host_obj *h = world_host_unput(w, name, vcpus, mem, disk);

	state_put(&w->st, &h->o);
	return h;
}

const char *world_project(world *w, const char *name)
{
	nc_object *o = state_new(&nc_kind_project, name, w->a);

	NC_AS(nc_project, o)->is_enabled = 1;
	state_put(&w->st, o);
	return o->id;
}

const char *world_zone(world *w, const char *name)
{
	nc_object *o = state_new(&nc_kind_zone, name, w->a);

	state_put(&w->st, o);
	return o->id;
}

nc_quota_obj *world_quota(world *w, const char *project, const char *resource, int64_t limit)
{
	nc_object *o = state_new(&nc_kind_quota, "default", w->a);
	nc_quota_obj *q = NC_AS(nc_quota_obj, o);

	o->project = project;
	q->limits = nc_arena_new_array(w->a, nc_limit, 1);
	q->limits[0] = (nc_limit){ resource, limit };
	q->n_limits = 1;
	state_put(&w->st, o);
	return q;
}

const char *world_group(world *w, nc_vm_group_policy policy, nc_vm_group_domain domain, int64_t max)
{
	static unsigned n;
	char name[24];

	snprintf(name, sizeof(name), "group-%u", n++);
	nc_object *o = state_new(&nc_kind_vm_group, name, w->a);
	nc_vm_group *g = NC_AS(nc_vm_group, o);
	g->policy = policy;
	g->domain = domain;
	g->max_per_domain = max;
	state_put(&w->st, o);
	return o->id;
}

/* ---- acts ---- */

nc_place_req world_req(world *w, const char *consumer, int64_t vcpus, int64_t mem, int64_t disk)
{
	(void)w;
	return (nc_place_req){ .consumer = consumer, .want = { vcpus, mem, disk } };
}

nc_code world_place(world *w, const nc_place_req *req, nc_placement *ret, const char **ret_decision,
	nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf decision;
	_cleanup_(nc_buf_done) nc_buf json;
	nc_placement p;

	nc_buf_init(&decision, 64u << 10);
	nc_buf_init(&json, 256u << 10);
	const nc_root *r = nc_db_read_begin(w->st.db);
	nc_code rc = nc_sched_place(w->s, r, req, ret ? ret : &p, &decision, err);
	nc_db_read_end(w->st.db);
	if (ret_decision) {
		CHECK_CODE(nc_decision_render(nc_buf_bytes(&decision), &json, NULL), NC_OK);
		*ret_decision = nc_arena_strndup(w->a, json.ptr, json.len);
	}
	return rc;
}

nc_code world_claim(world *w, const nc_place_req *req, nc_placement *p, nc_error *err)
{
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(w->st.db);
	_cleanup_(nc_buf_done) nc_buf decision;
	nc_placement local = { .n_alternates = 0 };

	p = p ? p : &local;
	nc_buf_init(&decision, 64u << 10);
	const nc_root *r = nc_db_read_begin(w->st.db);
	nc_code rc = nc_sched_place(w->s, r, req, p, &decision, err);
	if (rc == NC_OK)
		rc = nc_sched_claim(w->s, t, r, req, p, err);
	nc_db_read_end(w->st.db);
	return rc == NC_OK ? nc_txn_commit(nc_steal(&t), NULL, err) : rc;
}

nc_txn *world_claim_txn(world *w, const nc_place_req *req, const char *host)
{
	nc_txn *t = nc_txn_new(w->st.db);
	nc_placement p = { .n_alternates = 0 };
	nc_error err = NC_ERROR_INIT;

	snprintf(p.host, sizeof(p.host), "%s", host);
	const nc_root *r = nc_db_read_begin(w->st.db);
	CHECK_OK(nc_sched_claim(w->s, t, r, req, &p, &err), &err);
	nc_db_read_end(w->st.db);
	return t;
}

nc_code world_claim_on(world *w, const nc_place_req *req, const char *host, nc_error *err)
{
	return nc_txn_commit(world_claim_txn(w, req, host), NULL, err);
}

nc_code world_resize(
	world *w, const char *consumer, int64_t vcpus, int64_t mem, int64_t disk, nc_error *err)
{
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(w->st.db);
	const int64_t want[] = { vcpus, mem, disk };
	const nc_root *r = nc_db_read_begin(w->st.db);
	nc_code rc = nc_sched_resize(w->s, t, r, consumer, want, err);

	nc_db_read_end(w->st.db);
	return rc == NC_OK ? nc_txn_commit(nc_steal(&t), NULL, err) : rc;
}

nc_code world_release(world *w, const char *consumer, nc_error *err)
{
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(w->st.db);
	const nc_root *r = nc_db_read_begin(w->st.db);
	nc_code rc = nc_sched_release(w->s, t, r, consumer, err);

	nc_db_read_end(w->st.db);
	return rc == NC_OK ? nc_txn_commit(nc_steal(&t), NULL, err) : rc;
}

/* ---- one group ---- */

typedef struct gathering {
	pthread_mutex_t lock;
	pthread_cond_t all;
	size_t n_left;
} gathering;

typedef struct waiting {
	gathering *g;
	answer *to;
} waiting;

static void on_answer(void *arg, uint64_t seq, const nc_error *err)
{
	waiting *x = arg;

	pthread_mutex_lock(&x->g->lock);
	x->to->seq = seq;
	x->to->code = err ? err->code : NC_OK;
	if (err)
		nc_err_copy(&x->to->err, err);
	x->g->n_left--;
	pthread_cond_signal(&x->g->all);
	pthread_mutex_unlock(&x->g->lock);
}

static void hold(world *w)
{
	pthread_mutex_lock(&w->hold_lock);
	w->is_holding = 1;
	pthread_mutex_unlock(&w->hold_lock);
}

static int is_held(world *w)
{
	pthread_mutex_lock(&w->hold_lock);
	int yes = w->is_held;
	pthread_mutex_unlock(&w->hold_lock);
	return yes;
}

static void release(world *w)
{
	pthread_mutex_lock(&w->hold_lock);
	w->is_holding = 0;
	pthread_cond_signal(&w->released);
	pthread_mutex_unlock(&w->hold_lock);
}

void world_commit_together(world *w, nc_txn **txns, answer *answers, size_t n)
{
	gathering g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, n + 1 };
	_cleanup_(nc_freep) waiting *x = nc_calloc(n + 1, sizeof(*x));
	answer first;

	/* Something of no matter keeps the sequencer at the store until all have queued up. */
	hold(w);
	nc_txn *t = nc_txn_new(w->st.db);
	nc_txn_append(t, NC_LANE_AUDIT, nc_str("x"));
	x[n] = (waiting){ &g, &first };
	nc_txn_submit(t, on_answer, &x[n]);
	while (!is_held(w))
		usleep(100);
	for (size_t i = 0; i < n; i++) {
		answers[i] = (answer){ .err = NC_ERROR_INIT };
		x[i] = (waiting){ &g, &answers[i] };
		nc_txn_submit(txns[i], on_answer, &x[i]);
	}
	release(w);
	pthread_mutex_lock(&g.lock);
	while (g.n_left)
		pthread_cond_wait(&g.all, &g.lock);
	pthread_mutex_unlock(&g.lock);
}

void world_wait_writable(world *w)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = NC_E_UNAVAILABLE;

	for (int i = 0; rc == NC_E_UNAVAILABLE && i < 30000; i++) {
		nc_txn *t = nc_txn_new(w->st.db);
		nc_txn_append(t, NC_LANE_AUDIT, nc_str("x"));
		nc_err_clear(&err);
		rc = nc_txn_commit(t, NULL, &err);
		if (rc == NC_E_UNAVAILABLE)
			usleep(1000);
	}
	CHECK_OK(rc, &err);
}

/* ---- looking ---- */

int64_t world_used(world *w, const char *host, int resource)
{
	int64_t total[NC_RES_COUNT], used[NC_RES_COUNT];

	if (!CHECK_OK(nc_sched_host_usage(w->s, host, total, used, NULL), NULL))
		return -1;
	return used[resource];
}

int64_t world_project_used(world *w, const char *project, int use)
{
	int64_t used[NC_USE_COUNT];

	nc_sched_usage(w->s, project, used);
	return used[use];
}

static void print_fault(void *ctx, const char *what)
{
	(void)ctx;
	printf("%s\n", what);
}

uint64_t world_faults(world *w)
{
	const nc_root *r = nc_db_read_begin(w->st.db);
	uint64_t n = nc_sched_check(w->s, r, print_fault, NULL);

	nc_db_read_end(w->st.db);
	return n;
}
