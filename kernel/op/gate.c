/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting and queueing of driver calls. One nc_provider a provider id ever seen (there are few,
 * and they are kept); inside it one counter and breaker a host, one lane of waiting tickets a
 * project. A ticket that may not go in because its host is full does not hold up those behind it:
 * the lane is walked, to a bounded depth, so that one hung host never blocks its neighbours.
 *
 * Guarded by the engine's lock; allocates only when it first meets a name.
 */
#include "op/gate.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

#define LANE_WALK_MAX 64 /* how far a lane is searched past tickets that must wait */

typedef struct breaker {
	uint32_t failures;     /* in a row */
	int64_t open_until_us; /* 0 = closed */
	uint8_t has_probe;     /* half open: one call is trying */
} breaker;

typedef struct host {
	uint32_t inside;
	breaker breaker;
} host;

typedef struct lane { /* the tickets of one project at one provider */
	nc_list link; /* in provider.lanes while anybody waits */
	nc_list waiting;
	uint32_t inside;
} lane;

typedef struct provider {
	nc_list ring;  /* in the gate's providers, by turn */
	nc_map *hosts; /* name → host */
	nc_map *by_project;
	nc_list lanes; /* those with somebody waiting, in turn */
	uint32_t inside;
} provider;

struct nc_gate {
	nc_gate_limits limits;
	nc_map *providers;
	nc_list ring;
	uint32_t inside;
	uint8_t is_short; /* somebody may wait for room in all */
};

static void provider_free(provider *p)
{
	size_t it = 0;
	nc_bytes key;
	void *val;

	while (p->hosts && nc_map_next(p->hosts, &it, &key, &val))
		nc_free(val);
	it = 0;
	while (p->by_project && nc_map_next(p->by_project, &it, &key, &val))
		nc_free(val);
	nc_map_free(p->hosts);
	nc_map_free(p->by_project);
	nc_free(p);
}
NC_DEFINE_CLEANUP(provider *, provider_free);

nc_gate *nc_gate_new(const nc_gate_limits *limits)
{
	_cleanup_(nc_freep) nc_gate *g = nc_calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->limits = *limits;
	nc_list_init(&g->ring);
	g->providers = nc_map_new();
	return g->providers ? nc_steal(&g) : NULL;
}

void nc_gate_free(nc_gate *g)
{
	size_t it = 0;
	nc_bytes key;
	void *val;

	if (!g)
		return;
	while (nc_map_next(g->providers, &it, &key, &val))
		provider_free(val);
	nc_map_free(g->providers);
	nc_free(g);
}

void nc_gate_configure(nc_gate *g, const nc_gate_limits *limits)
{
	g->limits = *limits;
}

static provider *provider_get(nc_gate *g, const char *name)
{
	provider *known = nc_map_get(g->providers, nc_str(name));

	if (known)
		return known;
	_cleanup_(provider_freep) provider *p = nc_calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	nc_list_init(&p->lanes);
	p->hosts = nc_map_new();
	p->by_project = nc_map_new();
	if (!p->hosts || !p->by_project)
		return NULL;
	if (nc_map_put(g->providers, nc_str(name), p, NULL) != NC_OK)
		return NULL;
	nc_list_add_tail(&g->ring, &p->ring);
	return nc_steal(&p);
}

static host *host_get(provider *p, const char *name)
{
	host *known = nc_map_get(p->hosts, nc_str(name));

	if (known)
		return known;
	_cleanup_(nc_freep) host *h = nc_calloc(1, sizeof(*h));
	if (!h || nc_map_put(p->hosts, nc_str(name), h, NULL) != NC_OK)
		return NULL;
	return nc_steal(&h);
}

static lane *lane_get(provider *p, const char *project)
{
	lane *known = nc_map_get(p->by_project, nc_str(project));

	if (known)
		return known;
	_cleanup_(nc_freep) lane *l = nc_calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	nc_list_init(&l->link);
	nc_list_init(&l->waiting);
	if (nc_map_put(p->by_project, nc_str(project), l, NULL) != NC_OK)
		return NULL;
	return nc_steal(&l);
}

static int is_full(uint32_t inside, uint32_t limit)
{
	return limit && inside >= limit;
}

static int has_room(const nc_gate *g, const provider *p, const lane *l, const host *h)
{
	return !is_full(g->inside, g->limits.in_all) &&
	       !is_full(p->inside, g->limits.per_provider) &&
	       !is_full(l->inside, g->limits.per_project) &&
	       !is_full(h->inside, g->limits.per_host);
}

static void go_inside(nc_gate *g, provider *p, lane *l, host *h, nc_gate_ticket *t)
{
	g->inside++;
	p->inside++;
	l->inside++;
	h->inside++;
	t->is_inside = 1;
}

nc_gate_answer nc_gate_enter(nc_gate *g, nc_gate_ticket *t, int64_t now_us, int64_t *ret_us)
{
	provider *p = provider_get(g, t->provider);
	host *h = p ? host_get(p, t->host) : NULL;
	lane *l = p ? lane_get(p, t->project) : NULL;

	if (!h || !l)
		return NC_GATE_NOMEM;
	breaker *b = &h->breaker;
	if (b->open_until_us) {
		if (now_us < b->open_until_us || b->has_probe) {
			*ret_us = NC_MAX(b->open_until_us - now_us, 100000);
			return NC_GATE_OPEN_BREAKER;
		}
		b->has_probe = 1;
		t->is_probe = 1;
	}
	/* Who waits here already waits for room that isn't there: room that came free was handed on
	 * at once. So whoever finds room takes nobody's turn, and a full host holds up only its own. */
	if (has_room(g, p, l, h)) {
		go_inside(g, p, l, h, t);
		return NC_GATE_IN;
	}
	if (is_full(g->inside, g->limits.in_all))
		g->is_short = 1;
	if (nc_list_is_empty(&l->waiting))
		nc_list_add_tail(&p->lanes, &l->link);
	nc_list_add_tail(&l->waiting, &t->link);
	t->is_waiting = 1;
	return NC_GATE_WAIT;
}

static void breaker_note(const nc_gate *g, breaker *b, int is_fault, int64_t now_us)
{
	if (!is_fault) {
		*b = (breaker){ 0 };
		return;
	}
	b->failures++;
	b->has_probe = 0;
	if (g->limits.breaker_failures && b->failures >= g->limits.breaker_failures)
		b->open_until_us = now_us + g->limits.breaker_open_us;
}

void nc_gate_leave(nc_gate *g, nc_gate_ticket *t, int is_fault, int64_t now_us)
{
	provider *p = nc_map_get(g->providers, nc_str(t->provider));
	host *h = p ? nc_map_get(p->hosts, nc_str(t->host)) : NULL;
	lane *l = p ? nc_map_get(p->by_project, nc_str(t->project)) : NULL;

	nc_assert(t->is_inside && h && l);
	g->inside--;
	p->inside--;
	l->inside--;
	h->inside--;
	breaker_note(g, &h->breaker, is_fault, now_us);
	t->is_inside = t->is_probe = 0;
}

static void stop_waiting(lane *l, nc_gate_ticket *t)
{
	nc_list_del(&t->link);
	t->is_waiting = 0;
	if (nc_list_is_empty(&l->waiting))
		nc_list_del(&l->link);
}

static nc_gate_ticket *lane_next(nc_gate *g, provider *p, lane *l)
{
	unsigned walked = 0;

	NC_LIST_EACH (n, &l->waiting) {
		nc_gate_ticket *t = NC_LIST_ENTRY(n, nc_gate_ticket, link);
		host *h = nc_map_get(p->hosts, nc_str(t->host));
		if (walked++ == LANE_WALK_MAX)
			return NULL;
		if (!has_room(g, p, l, h))
			continue;
		stop_waiting(l, t);
		go_inside(g, p, l, h, t);
		return t;
	}
	return NULL;
}

static nc_gate_ticket *provider_next(nc_gate *g, provider *p)
{
	if (is_full(p->inside, g->limits.per_provider))
		return NULL;
	NC_LIST_EACH (n, &p->lanes) {
		lane *l = NC_LIST_ENTRY(n, lane, link);
		nc_gate_ticket *t = lane_next(g, p, l);
		if (!t)
			continue;
		if (!nc_list_is_empty(&l->waiting)) { /* its next turn comes after the others' */
			nc_list_del(&l->link);
			nc_list_add_tail(&p->lanes, &l->link);
		}
		return t;
	}
	return NULL;
}

nc_gate_ticket *nc_gate_next(nc_gate *g, const char *name)
{
	provider *own = nc_map_get(g->providers, nc_str(name));

	if (is_full(g->inside, g->limits.in_all))
		return NULL;
	if (!g->is_short)
		return own ? provider_next(g, own) : NULL;
	NC_LIST_EACH (n, &g->ring) {
		provider *p = NC_LIST_ENTRY(n, provider, ring);
		nc_gate_ticket *t = provider_next(g, p);
		if (!t)
			continue;
		nc_list_del(&p->ring); /* its next turn comes after the others' */
		nc_list_add_tail(&g->ring, &p->ring);
		return t;
	}
	g->is_short = 0; /* whoever still waits waits for something else */
	return NULL;
}

void nc_gate_forget(nc_gate *g, nc_gate_ticket *t)
{
	provider *p = nc_map_get(g->providers, nc_str(t->provider));
	lane *l = p ? nc_map_get(p->by_project, nc_str(t->project)) : NULL;
	host *h = p ? nc_map_get(p->hosts, nc_str(t->host)) : NULL;

	if (!t->is_waiting)
		return;
	nc_assert(l && h);
	stop_waiting(l, t);
	if (t->is_probe)
		h->breaker.has_probe = t->is_probe = 0;
}

uint32_t nc_gate_breakers_open(const nc_gate *g, int64_t now_us)
{
	size_t it = 0;
	nc_bytes key;
	void *p;
	uint32_t n = 0;

	while (nc_map_next(g->providers, &it, &key, &p)) {
		size_t hit = 0;
		void *h;
		while (nc_map_next(((provider *)p)->hosts, &hit, &key, &h))
			n += ((host *)h)->breaker.open_until_us > now_us;
	}
	return n;
}
