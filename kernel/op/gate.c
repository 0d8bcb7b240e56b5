/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting and queueing of driver calls. Who waits stands in the queue of his project for his host.
 * A queue is open while its host takes calls, and only open ones stand where the next is looked
 * for: however many wait before a host that hangs, they cost nobody a step.
 *
 * Providers, hosts and projects are kept once seen (there are few); a queue lives while somebody is
 * in it or inside through it. Guarded by the engine's lock; allocates in nc_gate_enter alone.
 */
#include "op/gate.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

typedef struct breaker {
	nc_list open;          /* in gate.broken_hosts or broken_providers while it is open */
	uint32_t failures;     /* in a row */
	int64_t open_until_us; /* 0 = closed */
	uint8_t has_probe;     /* half open: one call is trying */
} breaker;

typedef struct host {
	nc_list queues; /* with somebody waiting */
	uint32_t inside;
	uint8_t is_open; /* as its queues stand */
	breaker breaker;
	struct provider *provider;
} host;

typedef struct project { /* at one provider */
	nc_list turn;    /* in provider.turns while it has open queues */
	nc_list open;    /* queues whose host takes calls */
	nc_map *queues;  /* host → queue */
	uint32_t inside;
} project;

typedef struct nc_gate_queue {
	nc_list of_host;    /* in host.queues while anybody waits */
	nc_list of_project; /* in project.open while anybody waits and the host is open */
	nc_list waiting;
	host *host;
	project *project;
	uint32_t users; /* waiting or inside */
} queue;

typedef struct provider {
	nc_map *hosts; /* name → host */
	nc_map *projects;
	nc_list turns; /* projects with open queues, in turn */
	nc_list ring;  /* in the gate's providers, by turn */
	uint32_t inside;
	uint8_t is_open;       /* takes calls, as its breaker says */
	uint8_t is_spread;     /* the failures in a row are not of one host */
	const host *failed_at; /* the last of them; NULL = there are none */
	breaker breaker;
} provider;

struct nc_gate {
	nc_gate_limits limits;
	nc_map *providers;
	nc_list broken_hosts, broken_providers;
	nc_list ring;  /* providers, by turn */
	nc_list quick; /* tickets inside that are not slow yet, oldest first */
	uint32_t inside, n_waiting;
	uint8_t is_short; /* somebody may wait for room in all */
};

/* ---- life ---- */

static void project_free(project *x)
{
	size_t it = 0;
	nc_bytes key;
	void *val;

	while (x->queues && nc_map_next(x->queues, &it, &key, &val))
		nc_free(val);
	nc_map_free(x->queues);
	nc_free(x);
}
NC_DEFINE_CLEANUP(project *, project_free);

static void provider_free(provider *p)
{
	size_t it = 0;
	nc_bytes key;
	void *val;

	while (p->projects && nc_map_next(p->projects, &it, &key, &val))
		project_free(val);
	it = 0;
	while (p->hosts && nc_map_next(p->hosts, &it, &key, &val))
		nc_free(val);
	nc_map_free(p->hosts);
	nc_map_free(p->projects);
	nc_free(p);
}
NC_DEFINE_CLEANUP(provider *, provider_free);

nc_gate *nc_gate_new(const nc_gate_limits *limits)
{
	_cleanup_(nc_freep) nc_gate *g = nc_calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->limits = *limits;
	nc_list_init(&g->broken_hosts);
	nc_list_init(&g->broken_providers);
	nc_list_init(&g->ring);
	nc_list_init(&g->quick);
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

static provider *provider_get(nc_gate *g, const char *name)
{
	provider *known = nc_map_get(g->providers, nc_str(name));

	if (known)
		return known;
	_cleanup_(provider_freep) provider *p = nc_calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	nc_list_init(&p->turns);
	nc_list_init(&p->ring);
	nc_list_init(&p->breaker.open);
	p->is_open = 1;
	p->hosts = nc_map_new();
	p->projects = nc_map_new();
	if (!p->hosts || !p->projects || nc_map_put(g->providers, nc_str(name), p, NULL) != NC_OK)
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
	nc_list_init(&h->breaker.open);
	nc_list_init(&h->queues);
	h->provider = p;
	h->is_open = 1;
	return nc_steal(&h);
}

static project *project_get(provider *p, const char *name)
{
	project *known = nc_map_get(p->projects, nc_str(name));

	if (known)
		return known;
	_cleanup_(project_freep) project *x = nc_calloc(1, sizeof(*x));
	if (!x)
		return NULL;
	nc_list_init(&x->turn);
	nc_list_init(&x->open);
	x->queues = nc_map_new();
	if (!x->queues || nc_map_put(p->projects, nc_str(name), x, NULL) != NC_OK)
		return NULL;
	return nc_steal(&x);
}

/* The ticket's queue, with it as one more user; NULL = no memory. */
static queue *queue_take(nc_gate *g, nc_gate_ticket *t)
{
	provider *p = provider_get(g, t->provider);
	host *h = p ? host_get(p, t->host) : NULL;
	project *x = p ? project_get(p, t->project) : NULL;
	queue *q = h && x ? nc_map_get(x->queues, nc_str(t->host)) : NULL;

	if (!h || !x)
		return NULL;
	if (!q) {
		_cleanup_(nc_freep) queue *fresh = nc_calloc(1, sizeof(*fresh));
		if (!fresh || nc_map_put(x->queues, nc_str(t->host), fresh, NULL) != NC_OK)
			return NULL;
		q = nc_steal(&fresh);
		nc_list_init(&q->of_host);
		nc_list_init(&q->of_project);
		nc_list_init(&q->waiting);
		q->host = h;
		q->project = x;
	}
	q->users++;
	return t->queue = q;
}

static void queue_drop(nc_gate_ticket *t)
{
	queue *q = t->queue;

	t->queue = NULL;
	if (--q->users)
		return;
	nc_map_del(q->project->queues, nc_str(t->host));
	nc_free(q);
}

/* ---- open and shut ---- */

static int is_full(uint32_t inside, uint32_t limit)
{
	return limit && inside >= limit;
}

/* Closed, or time for one to try. */
static int lets_in(const breaker *b, int64_t now_us)
{
	return !b->open_until_us || (now_us >= b->open_until_us && !b->has_probe);
}

static int takes_calls(const nc_gate *g, const host *h, int64_t now_us)
{
	return lets_in(&h->breaker, now_us) && !is_full(h->inside, g->limits.per_host);
}

/* After anything that may have opened or shut it. Its queues stay as they stand. */
static void provider_update(provider *p, int64_t now_us)
{
	p->is_open = (uint8_t)lets_in(&p->breaker, now_us);
}

static void queue_open(queue *q)
{
	project *x = q->project;

	if (nc_list_is_empty(&x->open))
		nc_list_add_tail(&q->host->provider->turns, &x->turn);
	nc_list_add_tail(&x->open, &q->of_project);
}

static void queue_shut(queue *q)
{
	nc_list_del(&q->of_project);
	if (nc_list_is_empty(&q->project->open))
		nc_list_del(&q->project->turn);
}

/* After anything that may have opened or shut a host. */
static void host_update(const nc_gate *g, host *h, int64_t now_us)
{
	uint8_t is_open = (uint8_t)takes_calls(g, h, now_us);

	if (is_open == h->is_open)
		return;
	h->is_open = is_open;
	NC_LIST_EACH (n, &h->queues) {
		queue *q = NC_LIST_ENTRY(n, queue, of_host);
		if (is_open)
			queue_open(q);
		else
			queue_shut(q);
	}
}

void nc_gate_configure(nc_gate *g, const nc_gate_limits *limits, int64_t now_us)
{
	size_t it = 0;
	nc_bytes key;
	void *p, *h;

	g->limits = *limits;
	while (nc_map_next(g->providers, &it, &key, &p)) {
		size_t hit = 0;
		while (nc_map_next(((provider *)p)->hosts, &hit, &key, &h))
			host_update(g, h, now_us);
	}
}

/* ---- in and out ---- */

static void go_inside(nc_gate *g, nc_gate_ticket *t, int64_t now_us)
{
	queue *q = t->queue;
	host *h = q->host;

	g->inside++;
	h->provider->inside++;
	q->project->inside++;
	h->inside++;
	t->is_inside = 1;
	t->is_slow = 0;
	t->since_us = now_us;
	nc_list_add_tail(&g->quick, &t->link);
	if (h->breaker.open_until_us)
		t->is_probe = h->breaker.has_probe = 1;
	if (h->provider->breaker.open_until_us)
		t->is_trial = h->provider->breaker.has_probe = 1;
	provider_update(h->provider, now_us);
	host_update(g, h, now_us);
}

/* It counts for its host alone, or for nobody. */
static void uncount(nc_gate *g, nc_gate_ticket *t)
{
	queue *q = t->queue;

	nc_list_del(&t->link);
	g->inside--;
	q->host->provider->inside--;
	q->project->inside--;
}

/* Another may try the provider. */
static void end_trial(nc_gate_ticket *t, int64_t now_us)
{
	provider *p = t->queue->host->provider;

	if (!t->is_trial)
		return;
	t->is_trial = p->breaker.has_probe = 0;
	provider_update(p, now_us);
}

/* Those that have been inside for too long. */
static void note_slow(nc_gate *g, int64_t now_us)
{
	while (!nc_list_is_empty(&g->quick)) {
		nc_gate_ticket *t = NC_LIST_ENTRY(g->quick.next, nc_gate_ticket, link);
		if (t->since_us + NC_GATE_SLOW_US > now_us)
			return;
		uncount(g, t);
		end_trial(t, now_us);
		t->is_slow = 1;
		g->is_short = 1; /* whose turn it is, they all are asked */
	}
}

static void begin_waiting(nc_gate *g, nc_gate_ticket *t)
{
	queue *q = t->queue;

	if (nc_list_is_empty(&q->waiting)) {
		nc_list_add_tail(&q->host->queues, &q->of_host);
		if (q->host->is_open)
			queue_open(q);
	}
	nc_list_add_tail(&q->waiting, &t->link);
	t->is_waiting = 1;
	g->n_waiting++;
}

static void stop_waiting(nc_gate *g, nc_gate_ticket *t)
{
	queue *q = t->queue;

	nc_list_del(&t->link);
	t->is_waiting = 0;
	g->n_waiting--;
	if (!nc_list_is_empty(&q->waiting))
		return;
	nc_list_del(&q->of_host);
	if (q->host->is_open)
		queue_shut(q);
}

/* Whether there is room is another question. */
static int is_let_in(const nc_gate_ticket *t)
{
	const queue *q = t->queue;

	return t->is_own ||
	       (q->host->provider->is_open && q->host->is_open && nc_list_is_empty(&q->waiting));
}

static int has_room(const nc_gate *g, const queue *q)
{
	const provider *p = q->host->provider;

	return !is_full(q->host->inside, g->limits.per_host) &&
	       !is_full(p->inside, g->limits.per_provider) &&
	       !is_full(q->project->inside, g->limits.per_project);
}

nc_gate_answer nc_gate_enter(nc_gate *g, nc_gate_ticket *t, int64_t now_us, int64_t *ret_us)
{
	queue *q = queue_take(g, t);

	*ret_us = 0;
	if (!q)
		return NC_GATE_NOMEM;
	host *h = q->host;
	provider *p = h->provider;
	provider_update(p, now_us);
	host_update(g, h, now_us);
	/* Who waits here already waits for room that isn't there: room that came free was handed on
	 * at once. So whoever finds room takes nobody's turn. */
	if (is_full(g->inside, g->limits.in_all))
		g->is_short = 1;
	else if (is_let_in(t) && has_room(g, q)) {
		go_inside(g, t, now_us);
		return NC_GATE_IN;
	}
	int64_t until_us = NC_MAX(h->breaker.open_until_us, p->breaker.open_until_us);
	if (until_us)
		*ret_us = NC_MAX(until_us - now_us, 1);
	begin_waiting(g, t);
	return NC_GATE_WAIT;
}

static void breaker_open(const nc_gate *g, breaker *b, nc_list *broken, int64_t now_us)
{
	b->open_until_us = now_us + g->limits.breaker_open_us;
	nc_list_del(&b->open);
	nc_list_add_tail(broken, &b->open);
}

static void breaker_close(breaker *b)
{
	b->failures = 0;
	b->open_until_us = 0;
	nc_list_del(&b->open);
}

/* One more in a row; 1 = too many. */
static int is_too_many(const nc_gate *g, breaker *b)
{
	b->failures++;
	return g->limits.breaker_failures && b->failures >= g->limits.breaker_failures;
}

static void note_at_host(nc_gate *g, nc_gate_ticket *t, nc_gate_verdict v, int64_t now_us)
{
	breaker *b = &t->queue->host->breaker;

	if (t->is_probe)
		b->has_probe = 0;
	if (v == NC_GATE_FINE)
		breaker_close(b);
	else if (v != NC_GATE_SILENT && is_too_many(g, b))
		breaker_open(g, b, &g->broken_hosts, now_us);
}

/* What speaks against the provider as a whole: that it could not be reached, at more than one host;
 * and any fault where it was asked itself, without a host. A host that hangs says nothing of it. */
static void note_at_provider(nc_gate *g, nc_gate_ticket *t, nc_gate_verdict v, int64_t now_us)
{
	const host *h = t->queue->host;
	provider *p = h->provider;
	int is_itself = !*t->host;

	end_trial(t, now_us);
	if (v == NC_GATE_FINE) {
		breaker_close(&p->breaker);
		p->failed_at = NULL;
		p->is_spread = 0;
	} else if (v == NC_GATE_AWAY || (v == NC_GATE_FAULT && is_itself)) {
		p->is_spread |= is_itself || (p->failed_at && p->failed_at != h);
		p->failed_at = h;
		if (is_too_many(g, &p->breaker) && p->is_spread)
			breaker_open(g, &p->breaker, &g->broken_providers, now_us);
	}
	provider_update(p, now_us);
}

void nc_gate_leave(nc_gate *g, nc_gate_ticket *t, nc_gate_verdict verdict, int64_t now_us)
{
	queue *q = t->queue;

	nc_assert(t->is_inside && q);
	host *h = q->host;
	if (!t->is_slow)
		uncount(g, t);
	h->inside--;
	note_at_host(g, t, verdict, now_us);
	note_at_provider(g, t, verdict, now_us);
	t->is_inside = t->is_slow = t->is_probe = 0;
	queue_drop(t);
	host_update(g, h, now_us);
}

static nc_gate_ticket *next_of(nc_gate *g, provider *p, int64_t now_us)
{
	if (!p->is_open || is_full(p->inside, g->limits.per_provider))
		return NULL;
	NC_LIST_EACH (n, &p->turns) {
		project *x = NC_LIST_ENTRY(n, project, turn);
		if (is_full(x->inside, g->limits.per_project))
			continue;
		queue *q = NC_LIST_ENTRY(x->open.next, queue, of_project);
		nc_gate_ticket *t = NC_LIST_ENTRY(q->waiting.next, nc_gate_ticket, link);
		/* their next turns come after all others' */
		nc_list_del(&x->turn);
		nc_list_add_tail(&p->turns, &x->turn);
		nc_list_del(&q->of_project);
		nc_list_add_tail(&x->open, &q->of_project);
		stop_waiting(g, t);
		go_inside(g, t, now_us);
		return t;
	}
	return NULL;
}

nc_gate_ticket *nc_gate_next(nc_gate *g, const char *name, int64_t now_us)
{
	note_slow(g, now_us);
	/* those that have been shut long enough */
	NC_LIST_EACH (n, &g->broken_providers)
		provider_update(NC_LIST_ENTRY(n, provider, breaker.open), now_us);
	NC_LIST_EACH (n, &g->broken_hosts)
		host_update(g, NC_LIST_ENTRY(n, host, breaker.open), now_us);
	if (is_full(g->inside, g->limits.in_all)) {
		g->is_short |= !name;
		return NULL;
	}
	if (name && !g->is_short) {
		provider *own = nc_map_get(g->providers, nc_str(name));
		return own ? next_of(g, own, now_us) : NULL;
	}
	NC_LIST_EACH (n, &g->ring) {
		provider *p = NC_LIST_ENTRY(n, provider, ring);
		nc_gate_ticket *t = next_of(g, p, now_us);
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
	if (!t->is_waiting)
		return;
	stop_waiting(g, t);
	queue_drop(t);
}

/* ---- breakers ---- */

void nc_gate_break(nc_gate *g, const char *name, nc_bytes target, int64_t now_us)
{
	const provider *p = nc_map_get(g->providers, nc_str(name));
	host *h = p ? nc_map_get(p->hosts, target) : NULL;

	if (!h || !g->limits.breaker_failures)
		return; /* nobody has called there, or it is not wanted */
	h->breaker.failures = NC_MAX(h->breaker.failures, g->limits.breaker_failures);
	breaker_open(g, &h->breaker, &g->broken_hosts, now_us);
	host_update(g, h, now_us);
}

int nc_gate_is_broken(const nc_gate *g, const char *name)
{
	const provider *p = nc_map_get(g->providers, nc_str(name));

	return p && p->breaker.open_until_us;
}

int64_t nc_gate_due_us(const nc_gate *g)
{
	int64_t due = INT64_MAX;

	if (g->n_waiting && !nc_list_is_empty(&g->quick))
		due = NC_LIST_ENTRY(g->quick.next, nc_gate_ticket, link)->since_us +
		      NC_GATE_SLOW_US;
	NC_LIST_EACH (n, (nc_list *)(uintptr_t)&g->broken_hosts) {
		const host *h = NC_LIST_ENTRY(n, host, breaker.open);
		if (!h->breaker.has_probe && !h->is_open && !nc_list_is_empty(&h->queues))
			due = NC_MIN(due, h->breaker.open_until_us);
	}
	NC_LIST_EACH (n, (nc_list *)(uintptr_t)&g->broken_providers) {
		const provider *p = NC_LIST_ENTRY(n, provider, breaker.open);
		if (!p->breaker.has_probe && !p->is_open && !nc_list_is_empty(&p->turns))
			due = NC_MIN(due, p->breaker.open_until_us);
	}
	return due;
}

static uint32_t count_open(const nc_list *broken, int64_t now_us)
{
	uint32_t n = 0;

	NC_LIST_EACH (it, (nc_list *)(uintptr_t)broken)
		n += NC_LIST_ENTRY(it, breaker, open)->open_until_us > now_us;
	return n;
}

uint32_t nc_gate_breakers_open(const nc_gate *g, int64_t now_us)
{
	return count_open(&g->broken_hosts, now_us) + count_open(&g->broken_providers, now_us);
}
