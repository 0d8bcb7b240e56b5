/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is to be visited, who is being visited, and the threads that do it ("nc-visit"), which end
 * when there is nobody left. A visit lives as long as its provider; `visits_lock` guards all of
 * this and is held for a few lines, never during a visit.
 */
#include "flow/visits.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/pool.h"
#include "flow/care.h"
#include "flow/vm_move.h"

typedef enum { IDLE, WAITING, RUNNING } visit_state;

typedef struct visit {
	nc_list link;    /* in all */
	nc_list waiting; /* in waiting, while it waits */
	visit_state state;
	int is_wanted_anew; /* once it is over */
	int is_listed;      /* its provider is there; of one round */
	nc_doubts *doubts;  /* the visit's own */
	char provider[NC_DB_ID_MAX + 1];
} visit;

struct nc_visits {
	nc_flow *f;
	pthread_mutex_t visits_lock;
	pthread_cond_t is_over;
	nc_list all, waiting;
	nc_map *by_id;
	uint32_t n_waiting, n_threads;
	int is_stopping;
};

nc_code nc_visits_new(nc_flow *f, nc_visits **ret, nc_error *err)
{
	_cleanup_(nc_freep) nc_visits *v = nc_calloc(1, sizeof(*v));

	if (!v || !(v->by_id = nc_map_new()))
		return nc_err_nomem(err);
	v->f = f;
	nc_list_init(&v->all);
	nc_list_init(&v->waiting);
	pthread_mutex_init(&v->visits_lock, NULL);
	pthread_cond_init(&v->is_over, NULL);
	*ret = nc_steal(&v);
	return NC_OK;
}

static void visit_free(nc_visits *v, visit *x)
{
	nc_map_del(v->by_id, nc_str(x->provider));
	nc_list_del(&x->link);
	nc_doubts_free(x->doubts);
	nc_free(x);
}

void nc_visits_stop(nc_visits *v)
{
	pthread_mutex_lock(&v->visits_lock);
	v->is_stopping = 1;
	while (v->n_threads)
		pthread_cond_wait(&v->is_over, &v->visits_lock);
	pthread_mutex_unlock(&v->visits_lock);
}

void nc_visits_free(nc_visits *v)
{
	if (!v)
		return;
	NC_LIST_EACH (n, &v->all)
		visit_free(v, NC_LIST_ENTRY(n, visit, link));
	nc_map_free(v->by_id);
	pthread_mutex_destroy(&v->visits_lock);
	pthread_cond_destroy(&v->is_over);
	nc_free(v);
}

/* ---- one visit; no lock held ---- */

static int is_stopping(nc_visits *v)
{
	pthread_mutex_lock(&v->visits_lock);
	int is = v->is_stopping;
	pthread_mutex_unlock(&v->visits_lock);
	return is;
}

/* 1 = it answers. */
static int look_at(nc_flow *f, const char *provider)
{
	nc_provider_look look = { .n_guests = -1 };
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_flow_find_hosts(f, provider, &err);

	if (rc == NC_OK)
		rc = nc_flow_look_at_guests(f, provider, &look.n_guests, &err);
	look.why = rc == NC_OK ? NULL : err.message;
	nc_flow_observe_provider(f, provider, &look);
	if (rc != NC_OK)
		nc_log(L_WARN, "provider.look.failed", F_STR("provider", provider), F_ERR(&err),
			F_STR("consequence", "trying again at the next round"));
	return rc == NC_OK;
}

static void pay(nc_visits *v, visit *x)
{
	nc_provider_bring_up(v->f, x->provider);
	if (!is_stopping(v) && look_at(v->f, x->provider) && !is_stopping(v))
		nc_doubts_settle(x->doubts, v->f, x->provider);
	nc_care_read(v->f); /* the reports that waited for it */
}

/* ---- the threads ---- */

/* Lock held. */
static void enqueue(nc_visits *v, visit *x)
{
	x->state = WAITING;
	x->is_wanted_anew = 0;
	nc_list_add_tail(&v->waiting, &x->waiting);
	v->n_waiting++;
}

/* Lock held; NULL = nobody waits. */
static visit *take_next(nc_visits *v)
{
	if (v->is_stopping || nc_list_is_empty(&v->waiting))
		return NULL;
	visit *x = NC_LIST_ENTRY(v->waiting.next, visit, waiting);
	nc_list_del(&x->waiting);
	v->n_waiting--;
	x->state = RUNNING;
	return x;
}

static void *visits_main(void *arg)
{
	nc_visits *v = arg;

	pthread_mutex_lock(&v->visits_lock);
	for (visit *x; (x = take_next(v));) {
		pthread_mutex_unlock(&v->visits_lock);
		pay(v, x);
		pthread_mutex_lock(&v->visits_lock);
		x->state = IDLE;
		if (x->is_wanted_anew)
			enqueue(v, x);
	}
	v->n_threads--;
	pthread_cond_broadcast(&v->is_over);
	pthread_mutex_unlock(&v->visits_lock);
	return NULL;
}

/* One for each that waits, as far as there may be more. The keeper alone. */
static void start_threads(nc_visits *v)
{
	pthread_mutex_lock(&v->visits_lock);
	uint32_t n = NC_MIN(v->n_waiting, NC_VISITS_MAX - v->n_threads);
	v->n_threads += n;
	pthread_mutex_unlock(&v->visits_lock);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t thread;
		if (nc_thread_start(&thread, "nc-visit", visits_main, v))
			visits_main(v); /* then one after the other, here */
		else
			nc_thread_detach(thread);
	}
}

/* ---- a round ---- */

/* Lock held; NULL = no memory, and the next round tries again. */
static visit *visit_of(nc_visits *v, const char *provider)
{
	visit *x = nc_map_get(v->by_id, nc_str(provider));

	if (x || !(x = nc_calloc(1, sizeof(*x))))
		return x;
	nc_list_init(&x->waiting);
	snprintf(x->provider, sizeof(x->provider), "%s", provider);
	if (!(x->doubts = nc_doubts_new()) ||
		nc_map_put(v->by_id, nc_str(x->provider), x, NULL) != NC_OK) {
		nc_doubts_free(x->doubts);
		nc_free(x);
		return NULL;
	}
	nc_list_add_tail(&v->all, &x->link);
	return x;
}

static void want(nc_visits *v, const char *provider, nc_visit_why why)
{
	pthread_mutex_lock(&v->visits_lock);
	visit *x = visit_of(v, provider);
	if (x) {
		x->is_listed = 1;
		if (x->state == IDLE)
			enqueue(v, x);
		else if (x->state == RUNNING && why == NC_VISIT_ANEW)
			x->is_wanted_anew = 1;
	}
	pthread_mutex_unlock(&v->visits_lock);
}

/* Those whose provider has gone. */
static void forget_unlisted(nc_visits *v)
{
	pthread_mutex_lock(&v->visits_lock);
	NC_LIST_EACH (n, &v->all) {
		visit *x = NC_LIST_ENTRY(n, visit, link);
		if (!x->is_listed && x->state == IDLE)
			visit_free(v, x);
		else
			x->is_listed = 0;
	}
	pthread_mutex_unlock(&v->visits_lock);
}

typedef struct provider_ids {
	char (*ids)[NC_DB_ID_MAX + 1];
	size_t n;
} provider_ids;

static void provider_ids_done(provider_ids *list)
{
	nc_free(list->ids);
}

static void list_providers(nc_flow *f, provider_ids *list)
{
	const nc_root *r = nc_db_read_begin(f->db);
	nc_walk w;

	list->n = 0;
	list->ids = nc_calloc(nc_root_count(r, NC_KIND_PROVIDER) + 1, sizeof(*list->ids));
	nc_walk_init(
		&w, r, NC_KIND_PROVIDER, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; list->ids && (it = nc_walk_next(&w, NULL));)
		snprintf(list->ids[list->n++], sizeof(*list->ids), "%s", nc_item_id(it));
	nc_db_read_end(f->db);
}

void nc_visits_all(nc_visits *v, nc_visit_why why)
{
	_cleanup_(provider_ids_done) provider_ids list = { .n = 0 };

	list_providers(v->f, &list);
	if (!list.ids)
		return;
	for (size_t i = 0; i < list.n; i++)
		want(v, list.ids[i], why);
	forget_unlisted(v);
	start_threads(v);
}

nc_code nc_visits_now(nc_visits *v, nc_visited *ret)
{
	*ret = (nc_visited){ .n = 0 };
	pthread_mutex_lock(&v->visits_lock);
	ret->instances = nc_calloc(nc_map_count(v->by_id) + 1, sizeof(*ret->instances));
	NC_LIST_EACH (n, &v->all) {
		const visit *x = NC_LIST_ENTRY(n, visit, link);
		if (ret->instances && x->state == RUNNING)
			nc_provider_instance_name(x->provider, ret->instances[ret->n++]);
	}
	pthread_mutex_unlock(&v->visits_lock);
	return ret->instances ? NC_OK : NC_E_NOMEM;
}

void nc_visited_done(nc_visited *list)
{
	nc_free(list->instances);
}
