/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A placement: run over the slots, ask each filter in turn, keep the best survivors, choose. First
 * fit stops as soon as it has the choice and its alternates; best fit sees all. Nothing is locked
 * during the scan. What was seen of a host counts only if the slot is still his at the end.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "model/body.h"
#include "model/problem.h"
#include "sched/ledger.h"

typedef struct scan {
	nc_sched *s;
	const nc_place_req *req;
	nc_verdict *v;
	uint32_t zone, provider; /* numbers; UINT32_MAX = a word that no host has */
	uint32_t *disabled;      /* numbers of providers that take nothing new */
	size_t n_disabled;
	nc_bits bits[NC_BITS_COUNT];
	int is_impossible[NC_BITS_COUNT]; /* some word that no host has */
	nc_holding held;
	nc_group_view group;
	int is_first_fit;
} scan;

static void scan_done(scan *sc)
{
	nc_group_view_done(&sc->group);
	nc_free(sc->disabled);
}

/* ---- filters ---- */

static int64_t need_of(const scan *sc, nc_row r, int resource)
{
	int64_t overhead = nc_loose64_get(&r.c->overhead_mib[r.i]);

	return sc->req->want[resource] + (resource == NC_RES_MEMORY_MIB ? overhead : 0);
}

/* What there would be without what the consumer holds itself. */
static int64_t free_of(const scan *sc, nc_row r, uint32_t slot, int resource)
{
	int64_t own = sc->held.is_there && sc->held.slot == slot ? sc->held.amount[resource] : 0;

	return nc_row_free(r, resource) + own;
}

static int has_bits(const scan *sc, nc_row r, nc_bits_class of)
{
	for (int i = 0; i < BIT_WORDS; i++)
		if (sc->bits[of].w[i] & ~(uint64_t)nc_loose64_get(&r.c->bits[of][i][r.i]))
			return 0;
	return !sc->is_impossible[of];
}

/* Whether it keeps to itself for want of a trait that was not asked for. */
static int is_reserved(const scan *sc, nc_row r)
{
	if (!nc_loose32_get(&r.c->is_exclusive[r.i]))
		return 0;
	for (int i = 0; i < BIT_WORDS; i++)
		if ((uint64_t)nc_loose64_get(&r.c->exclusive[i][r.i]) &
			~sc->bits[NC_BITS_TRAIT].w[i])
			return 1;
	return 0;
}

/* How far it is from fitting: by the resource that it lacks the largest share of. */
static void note_near(scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	nc_near near = { .ident = id };

	for (int i = 0; i < NC_RES_COUNT; i++) {
		int64_t need = need_of(sc, r, i), gap = need - free_of(sc, r, slot, i);
		if (gap <= 0 || need <= 0)
			continue;
		near.missing[i] = gap;
		near.ratio = NC_MAX(near.ratio, (double)gap / (double)need);
	}
	if (near.ratio > 0 && (!sc->v->near.ident || near.ratio < sc->v->near.ratio))
		sc->v->near = near;
}

/* Each says whether it refuses the host of a row; first of all, whether the request asks for it. */

static int is_unusable(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)sc, (void)slot, (void)id;
	return !nc_loose32_get(&r.c->is_usable[r.i]);
}

static int is_of_another_provider(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)slot, (void)id;
	return sc->provider && nc_loose32_get(&r.c->provider[r.i]) != sc->provider;
}

static int is_disabled(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)slot, (void)id;
	for (size_t i = 0; i < sc->n_disabled; i++)
		if (nc_loose32_get(&r.c->provider[r.i]) == sc->disabled[i])
			return 1;
	return 0;
}

static int is_in_another_zone(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)slot, (void)id;
	return sc->zone && nc_loose32_get(&r.c->zone[r.i]) != sc->zone;
}

static int is_another_host(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)r, (void)slot;
	return sc->req->host && strcmp(sc->req->host, id->id) != 0;
}

static int is_excluded(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)r, (void)slot;
	for (uint32_t i = 0; i < sc->req->n_exclude; i++)
		if (!strcmp(sc->req->exclude[i], id->id))
			return 1;
	return 0;
}

static int has_other_traits(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)slot, (void)id;
	return (sc->req->n_traits && !has_bits(sc, r, NC_BITS_TRAIT)) || is_reserved(sc, r);
}

static int lacks_networks(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)slot, (void)id;
	return sc->req->n_networks && !has_bits(sc, r, NC_BITS_NETWORK);
}

static int lacks_pools(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)slot, (void)id;
	return sc->req->n_pools && !has_bits(sc, r, NC_BITS_POOL);
}

static int is_barred_by_group(const scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	(void)id;
	return sc->req->vm_group && !nc_group_view_allows(&sc->group, r, slot);
}

static uint8_t lacks_room(scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	for (int i = 0; i < NC_RES_COUNT; i++) {
		int64_t need = need_of(sc, r, i);
		if (need <= 0 || need <= free_of(sc, r, slot, i))
			continue;
		note_near(sc, r, slot, id);
		return (uint8_t)(NC_FILTER_VCPU + i);
	}
	return NC_FILTER_NONE;
}

/*
 * In the order of asking, which is that of the words: what costs least first, the room last. A list
 * and not an array of functions, because a call through a pointer for each filter and host makes a
 * decision slower by a sixth.
 */
#define FILTERS(X)                                                                                 \
	X(STATE, is_unusable)                                                                      \
	X(PROVIDER, is_of_another_provider)                                                        \
	X(DISABLED, is_disabled)                                                                   \
	X(ZONE, is_in_another_zone)                                                                \
	X(HOST, is_another_host)                                                                   \
	X(EXCLUDED, is_excluded)                                                                   \
	X(TRAITS, has_other_traits)                                                                \
	X(NETWORKS, lacks_networks)                                                                \
	X(POOLS, lacks_pools)                                                                      \
	X(GROUP, is_barred_by_group)
#define ASK_(which, refuses)                                                                       \
	if (refuses(sc, r, slot, id))                                                              \
		return NC_FILTER_##which;
#define ONE_(which, refuses) +1
_Static_assert(FILTERS(ONE_) == NC_FILTER_VCPU, "each is asked");

/* The one that refuses it first, or NC_FILTER_NONE. */
static uint8_t filter(scan *sc, nc_row r, uint32_t slot, const nc_ident *id)
{
	FILTERS(ASK_)
	return lacks_room(sc, r, slot, id);
}

/* ---- scores: what would be left, weighed by what there is; less is a tighter fit ---- */

static double score(const scan *sc, nc_row r, uint32_t slot)
{
	double sum = 0;

	for (int i = 0; i < NC_RES_COUNT; i++) {
		int64_t capacity = nc_loose64_get(&r.c->capacity[i][r.i]);
		if (capacity > 0)
			sum += (double)(free_of(sc, r, slot, i) - need_of(sc, r, i)) /
			       (double)capacity;
	}
	if (!sc->req->vm_group)
		return sum;
	/* Soft groups outweigh any fit. */
	double n = (double)nc_group_view_count(&sc->group, r, slot);
	if (sc->group.policy == NC_SOFT_ANTI_AFFINITY)
		return sum + 10 * n;
	return sc->group.policy == NC_SOFT_AFFINITY && n > 0 ? sum - 10 : sum;
}

/* Keep the best few, in order; of equals the first. */
static void keep(nc_verdict *v, const nc_survivor *x)
{
	uint32_t i = v->n_survivors;

	if (i == NC_SURVIVORS_MAX && x->score >= v->survivors[i - 1].score)
		return;
	if (i == NC_SURVIVORS_MAX)
		i--;
	else
		v->n_survivors++;
	for (; i > 0 && v->survivors[i - 1].score > x->score; i--)
		v->survivors[i] = v->survivors[i - 1];
	v->survivors[i] = *x;
}

static void look_at(scan *sc, nc_row r, uint32_t slot)
{
	nc_verdict *v = sc->v;
	const nc_ident *id = nc_row_ident(r);

	if (!id)
		return;
	v->n_seen++;
	uint8_t refused = filter(sc, r, slot, id);
	if (refused != NC_FILTER_NONE) {
		v->refused[refused]++;
		return;
	}
	double value = sc->is_first_fit ? (double)v->n_fits : score(sc, r, slot);
	nc_seqlock_open();
	if (nc_row_ident(r) != id) { /* deleted, or renamed, under our eyes */
		v->refused[NC_FILTER_STATE]++;
		return;
	}
	v->n_fits++;
	keep(v, &(nc_survivor){ slot, id, value });
}

static void run(scan *sc)
{
	uint32_t n = nc_slot_count(sc->s);

	for (uint32_t base = 0; base < n; base += CHUNK_SLOTS) {
		nc_row r = nc_row_at(sc->s, base);
		uint32_t end = NC_MIN(CHUNK_SLOTS, n - base);
		for (r.i = 0; r.i < end; r.i++) {
			look_at(sc, r, base + r.i);
			if (sc->is_first_fit && sc->v->n_fits > NC_PLACE_ALTERNATES)
				return;
		}
	}
}

/* ---- policies and scheduler plugins, over the survivors ---- */

static nc_code run_stages(scan *sc, nc_error *err)
{
	nc_verdict *v = sc->v;
	nc_survivor before[NC_SURVIVORS_MAX];
	const char *hosts[NC_SURVIVORS_MAX];
	uint8_t alive[NC_SURVIVORS_MAX];
	double scores[NC_SURVIVORS_MAX];
	uint32_t n = v->n_survivors;

	memcpy(before, v->survivors, sizeof(before));
	for (uint32_t i = 0; i < n; i++) {
		hosts[i] = before[i].ident->id;
		alive[i] = 1;
		scores[i] = before[i].score;
	}
	for (uint32_t k = 0; k < sc->s->n_stages; k++) {
		const nc_sched_stage *stage = &sc->s->stages[k];
		nc_code rc = stage->run(stage->ctx, sc->req, hosts, n, alive, scores, err);
		if (rc != NC_OK)
			return rc;
	}
	v->n_survivors = 0;
	for (uint32_t i = 0; i < n; i++) {
		before[i].score = scores[i];
		if (alive[i])
			keep(v, &before[i]);
		else
			v->refused[NC_FILTER_STAGE]++;
	}
	v->n_fits -= n - v->n_survivors;
	return NC_OK;
}

/* ---- the answer ---- */

static void why_nowhere(const nc_verdict *v, nc_buf *b)
{
	nc_buf_printf(b, "no host fits: %u looked at", v->n_seen);
	for (int i = 0; i < NC_FILTER_COUNT; i++)
		if (v->refused[i])
			nc_buf_printf(b, ", %u refused by %s", v->refused[i], nc_filter_words[i]);
}

static void what_is_missing(const nc_near *near, nc_buf *b)
{
	const char *sep = "";

	for (int i = 0; i < NC_RES_COUNT; i++) {
		if (!near->missing[i])
			continue;
		nc_buf_printf(b, "%s%lld %s", sep, (long long)near->missing[i], nc_quota_words[i]);
		sep = " and ";
	}
}

static nc_code no_capacity(const nc_verdict *v, nc_error *err)
{
	char text[300];
	nc_buf b;

	nc_buf_init_fixed(&b, text, sizeof(text));
	if (!v->n_seen) {
		nc_problem_err(err, "no_capacity", "no host fits: there are none");
		return nc_err_hint(err, NC_E_UNAVAILABLE,
			"add one: novacron provider create NAME --plugin PLUGIN");
	}
	why_nowhere(v, &b);
	nc_problem_err(err, "no_capacity", "%s", text);
	if (!v->near.ident && v->refused[NC_FILTER_DISABLED])
		return nc_err_hint(err, NC_E_UNAVAILABLE,
			"a provider is disabled: novacron provider update NAME --set enabled=true");
	if (!v->near.ident)
		return nc_err_hint(err, NC_E_UNAVAILABLE,
			"none is short of capacity alone: look at the filters that refused");
	nc_buf_init_fixed(&b, text, sizeof(text));
	what_is_missing(&v->near, &b);
	return nc_err_hint(err, NC_E_UNAVAILABLE,
		"nearest is %s, short of %s: ask for that much less, or free it there",
		v->near.ident->name, text);
}

static void choose(const nc_verdict *v, nc_placement *p)
{
	const nc_ident *best = v->survivors[0].ident;

	snprintf(p->host, sizeof(p->host), "%s", best->id);
	snprintf(p->host_name, sizeof(p->host_name), "%s", best->name);
	snprintf(p->provider, sizeof(p->provider), "%s", best->provider);
	for (uint32_t i = 1; i < v->n_survivors && p->n_alternates < NC_PLACE_ALTERNATES; i++)
		snprintf(p->alternates[p->n_alternates++], sizeof(p->alternates[0]), "%s",
			v->survivors[i].ident->id);
}

/* ---- the request, as numbers and bits ---- */

static uint32_t number_or_none(nc_sched *s, const char *word)
{
	uint32_t n = nc_word_number(s, word, NC_WORD_FIND);

	return word && !n ? UINT32_MAX : n;
}

static nc_code check_request(const nc_place_req *req, nc_error *err)
{
	for (int i = 0; i < NC_RES_COUNT; i++)
		if (req->want[i] < 0 || req->want[i] > INT64_MAX / 4)
			return nc_err(err, NC_E_INVAL, "%s: %lld is out of range",
				nc_quota_words[i], (long long)req->want[i]);
	return NC_OK;
}

/* Providers that are there for what they have. A guest that only moves is nothing new. */
static nc_code find_disabled(scan *sc, const nc_root *root, nc_error *err)
{
	nc_walk w;

	if (sc->req->is_paired)
		return NC_OK;
	nc_walk_init(&w, root, NC_KIND_PROVIDER, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 },
		NC_ASCENDING);
	for (const nc_item *it; (it = nc_walk_next(&w, NULL));) {
		uint32_t n =
			nc_bytes_eq(nc_body_member(nc_item_body(it), "enabled"), nc_str("false"))
				? nc_word_number(sc->s, nc_item_id(it), NC_WORD_FIND)
				: 0;
		if (!n)
			continue; /* or it has no host */
		if (!sc->disabled)
			sc->disabled = nc_calloc(
				nc_root_count(root, NC_KIND_PROVIDER), sizeof(*sc->disabled));
		if (!sc->disabled)
			return nc_err_nomem(err);
		sc->disabled[sc->n_disabled++] = n;
	}
	return NC_OK;
}

static nc_code prepare(scan *sc, const nc_root *root, nc_error *err)
{
	const nc_place_req *req = sc->req;
	nc_sched *s = sc->s;
	const struct {
		const char *const *words;
		uint32_t n;
	} asked[NC_BITS_COUNT] = {
		[NC_BITS_TRAIT] = { req->traits, req->n_traits },
		[NC_BITS_NETWORK] = { req->networks, req->n_networks },
		[NC_BITS_POOL] = { req->pools, req->n_pools },
	};

	for (int i = 0; i < NC_BITS_COUNT; i++)
		sc->is_impossible[i] = nc_bits_of(s, (nc_bits_class)i, asked[i].words, asked[i].n,
					       NC_WORD_FIND, &sc->bits[i]) != NC_OK;
	sc->zone = number_or_none(s, req->zone);
	sc->provider = number_or_none(s, req->provider);
	nc_code rc = nc_holding_load(s, root, req->consumer, &sc->held, err);
	if (rc == NC_OK)
		rc = find_disabled(sc, root, err);
	if (rc != NC_OK)
		return rc;
	if (req->vm_group) {
		int is_in = sc->held.is_there && !strcmp(sc->held.group, req->vm_group);
		uint32_t from = is_in ? sc->held.slot : NO_SLOT;
		if (nc_group_view_take(s, req->vm_group, from, &sc->group) != NC_OK)
			return nc_err_nomem(err);
	}
	pthread_mutex_lock(&s->book_lock);
	sc->is_first_fit = s->opt.algorithm == NC_SCHED_FIRST_FIT;
	pthread_mutex_unlock(&s->book_lock);
	/* First fit has no order of its own to give up for a wish. */
	if (sc->group.is_there && sc->group.policy >= NC_SOFT_AFFINITY)
		sc->is_first_fit = 0;
	return NC_OK;
}

static nc_code check_quota(const scan *sc, const nc_root *root, nc_error *err)
{
	int64_t delta[NC_USE_COUNT] = { [NC_USE_VMS] = 1 };

	memcpy(delta, sc->req->want, sizeof(*delta) * NC_RES_COUNT);
	for (int i = 0; i < NC_USE_COUNT; i++)
		delta[i] -= sc->held.use[i];
	return nc_projects_check(sc->s, root, sc->req->project, delta, err);
}

static nc_code find(scan *sc, const nc_root *root, nc_error *err)
{
	nc_verdict *v = sc->v;
	nc_code rc = check_quota(sc, root, err);

	if (rc != NC_OK)
		return rc;
	run(sc);
	if (v->n_survivors && sc->s->n_stages && (rc = run_stages(sc, err)) != NC_OK)
		return rc;
	return v->n_survivors ? NC_OK : no_capacity(v, err);
}

nc_code nc_sched_place(nc_sched *s, const nc_root *root, const nc_place_req *req, nc_placement *ret,
	nc_buf *decision, nc_error *err)
{
	_cleanup_(nc_freep) nc_verdict *v = nc_calloc(1, sizeof(*v));
	_cleanup_(scan_done) scan sc = { .s = s, .req = req, .v = v };
	nc_error why = NC_ERROR_INIT;
	nc_placement p = { .n_alternates = 0 };
	nc_code rc = v ? check_request(req, &why) : nc_err_nomem(&why);

	if (rc == NC_OK)
		rc = prepare(&sc, root, &why);
	if (rc != NC_OK) {
		nc_err_copy(err, &why);
		return rc;
	}
	rc = find(&sc, root, &why);
	if (rc == NC_OK)
		choose(v, &p);
	else
		nc_err_copy(err, &why);
	if (!req->is_dry_run)
		nc_id_make("dec", p.decision_id);
	nc_decision_write(s, req, v, &p, rc == NC_OK ? NULL : &why, decision);
	if (nc_buf_failed(decision))
		return nc_err_nomem(err);
	*ret = p;
	return rc;
}
