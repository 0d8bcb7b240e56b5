/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A placement: run over the slots, ask each filter in turn, keep the best survivors, choose. First
 * fit stops as soon as it has the choice and its alternates; best fit sees all. Nothing is locked
 * during the scan; groups, which are rare and small, are asked for survivors alone.
 */
#include <string.h>

#include "base/err.h"
#include "base/id.h"
#include "model/problem.h"
#include "sched/ledger.h"

#define load(p) atomic_load_explicit((p), memory_order_relaxed)

typedef struct scan {
	nc_sched *s;
	const nc_place_req *req;
	nc_verdict *v;
	int64_t want[NC_RES_COUNT];
	uint32_t zone, provider, host; /* numbers; host NO_SLOT = any */
	uint64_t traits[TRAIT_WORDS];
	int is_impossible; /* a trait, zone or provider that no host has */
	int is_first_fit;
} scan;

/* ---- filters ---- */

static int has_traits(const scan *sc, const nc_slot *slot)
{
	for (int i = 0; i < TRAIT_WORDS; i++)
		if (sc->traits[i] & ~load(&slot->traits[i]))
			return 0;
	return 1;
}

static int is_excluded(const scan *sc, const nc_slot *slot)
{
	for (uint32_t i = 0; i < sc->req->n_exclude; i++)
		if (!strcmp(sc->req->exclude[i], slot->id))
			return 1;
	return 0;
}

/* The resource it is short of by most, in its own terms. */
static void note_near(scan *sc, uint32_t number, const nc_slot *slot)
{
	double worst = 0;
	uint8_t resource = 0;
	int64_t missing = 0;

	for (uint8_t i = 0; i < NC_RES_COUNT; i++) {
		int64_t need = sc->want[i] +
			(i == NC_RES_MEMORY_MIB ? load(&slot->overhead_mib) : 0);
		int64_t gap = need - load(&slot->free[i]);
		if (gap <= 0 || !need)
			continue;
		double ratio = (double)gap / (double)need;
		if (ratio > worst) {
			worst = ratio;
			resource = i;
			missing = gap;
		}
	}
	if (missing && (sc->v->near_slot == NO_SLOT || worst < sc->v->near_ratio)) {
		sc->v->near_slot = number;
		sc->v->near_resource = resource;
		sc->v->near_short = missing;
		sc->v->near_ratio = worst;
	}
}

static uint8_t filter(scan *sc, uint32_t number, const nc_slot *slot)
{
	if (!load(&slot->is_usable))
		return NC_FILTER_STATE;
	if (sc->provider && load(&slot->provider) != sc->provider)
		return NC_FILTER_PROVIDER;
	if (sc->zone && load(&slot->zone) != sc->zone)
		return NC_FILTER_ZONE;
	if (sc->req->host && sc->host != number)
		return NC_FILTER_HOST;
	if (sc->req->n_exclude && is_excluded(sc, slot))
		return NC_FILTER_EXCLUDED;
	if (sc->req->n_traits && !has_traits(sc, slot))
		return NC_FILTER_TRAITS;
	for (uint8_t i = 0; i < NC_RES_COUNT; i++) {
		int64_t need = sc->want[i] +
			(i == NC_RES_MEMORY_MIB ? load(&slot->overhead_mib) : 0);
		if (need > load(&slot->free[i])) {
			note_near(sc, number, slot);
			return (uint8_t)(NC_FILTER_VCPU + i);
		}
	}
	if (sc->req->vm_group && !nc_book_group_allows(sc->s, sc->req->vm_group, number))
		return NC_FILTER_GROUP;
	return NC_FILTER_NONE;
}

/* ---- scores: what would be left, weighed by what there is; less is a tighter fit ---- */

static double score(const scan *sc, uint32_t number, const nc_slot *slot)
{
	double sum = 0;
	int is_anti;

	for (int i = 0; i < NC_RES_COUNT; i++) {
		int64_t capacity = load(&slot->capacity[i]);
		if (capacity > 0)
			sum += (double)(load(&slot->free[i]) - sc->want[i]) / (double)capacity;
	}
	if (!sc->req->vm_group)
		return sum;
	int64_t n = nc_book_group_count(sc->s, sc->req->vm_group, number, &is_anti);
	return sum + (is_anti ? 10.0 : -10.0) * (double)n;
}

/* Keep the best few, in order. */
static void keep(nc_verdict *v, uint32_t number, double value)
{
	uint32_t i = v->n_survivors;

	if (i == NC_SURVIVORS_MAX && value >= v->survivors[i - 1].score)
		return;
	if (i == NC_SURVIVORS_MAX)
		i--;
	else
		v->n_survivors++;
	for (; i > 0 && v->survivors[i - 1].score > value; i--)
		v->survivors[i] = v->survivors[i - 1];
	v->survivors[i] = (nc_survivor){ number, value };
}

static void survives(scan *sc, uint32_t number, const nc_slot *slot)
{
	nc_verdict *v = sc->v;

	v->n_fits++;
	if (sc->is_first_fit && !sc->req->vm_group) {
		if (v->n_survivors < NC_SURVIVORS_MAX)
			v->survivors[v->n_survivors++] = (nc_survivor){ number, number };
		return;
	}
	keep(v, number, score(sc, number, slot));
}

static void run(scan *sc)
{
	uint32_t n = nc_slot_count(sc->s);
	nc_verdict *v = sc->v;

	for (uint32_t i = 0; i < n; i++) {
		const nc_slot *slot = nc_slot_at(sc->s, i);
		uint8_t refused = filter(sc, i, slot);
		v->n_seen++;
		if (refused != NC_FILTER_NONE)
			v->refused[refused]++;
		else
			survives(sc, i, slot);
		if (sc->is_first_fit && !sc->req->vm_group &&
			v->n_fits > NC_PLACE_ALTERNATES)
			return;
	}
}

/* ---- policies and scheduler plugins, over the survivors ---- */

static nc_code run_stages(scan *sc, nc_error *err)
{
	nc_verdict *v = sc->v;
	const char *hosts[NC_SURVIVORS_MAX];
	uint8_t alive[NC_SURVIVORS_MAX];
	double scores[NC_SURVIVORS_MAX];
	uint32_t left = 0;

	for (uint32_t i = 0; i < v->n_survivors; i++) {
		hosts[i] = nc_slot_at(sc->s, v->survivors[i].slot)->id;
		alive[i] = 1;
		scores[i] = v->survivors[i].score;
	}
	for (uint32_t k = 0; k < sc->s->n_stages; k++) {
		const nc_sched_stage *stage = &sc->s->stages[k];
		nc_code rc = stage->run(
			stage->ctx, sc->req, hosts, v->n_survivors, alive, scores, err);
		if (rc != NC_OK)
			return rc;
	}
	nc_survivor before[NC_SURVIVORS_MAX];
	uint32_t n = v->n_survivors;
	memcpy(before, v->survivors, sizeof(before));
	v->n_survivors = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (!alive[i]) {
			v->refused[NC_FILTER_STAGE]++;
			continue;
		}
		keep(v, before[i].slot, scores[i]);
		left++;
	}
	v->n_fits = left;
	return NC_OK;
}

/* ---- the answer ---- */

static const char *const resource_words[] = { "vcpus", "memory_mib", "disk_gib" };

static void why_nowhere(const scan *sc, char *text, size_t cap)
{
	size_t n = (size_t)snprintf(text, cap, "no host fits: %u looked at", sc->v->n_seen);

	for (int i = 0; i < NC_FILTER_COUNT && n < cap; i++)
		if (sc->v->refused[i])
			n += (size_t)snprintf(text + n, cap - n, "%s%u refused by %s",
				n ? ", " : "", sc->v->refused[i], nc_filter_words[i]);
}

static nc_code no_capacity(scan *sc, nc_error *err)
{
	const nc_verdict *v = sc->v;
	char why[280];

	if (!v->n_seen) {
		nc_problem_err(err, "no_capacity", "no host fits: there are none");
		return nc_err_hint(err, NC_E_UNAVAILABLE,
			"add one: novacron provider create NAME --plugin PLUGIN");
	}
	why_nowhere(sc, why, sizeof(why));
	nc_problem_err(err, "no_capacity", "%s", why);
	if (v->near_slot == NO_SLOT)
		return nc_err_hint(err, NC_E_UNAVAILABLE,
			"nothing is short of capacity: look at zone, provider, traits or group");
	const nc_slot *near = nc_slot_at(sc->s, v->near_slot);
	return nc_err_hint(err, NC_E_UNAVAILABLE,
		"nearest is %s, short of %lld %s: ask for that much less, or free it there",
		near->target, (long long)v->near_short, resource_words[v->near_resource]);
}

static void choose(const scan *sc, nc_placement *ret)
{
	const nc_verdict *v = sc->v;
	const nc_slot *best = nc_slot_at(sc->s, v->survivors[0].slot);

	snprintf(ret->host, sizeof(ret->host), "%s", best->id);
	snprintf(ret->host_name, sizeof(ret->host_name), "%s", best->target);
	for (uint32_t i = 1; i < v->n_survivors && ret->n_alternates < NC_PLACE_ALTERNATES; i++)
		snprintf(ret->alternates[ret->n_alternates++], sizeof(ret->alternates[0]), "%s",
			nc_slot_at(sc->s, v->survivors[i].slot)->id);
}

static nc_code prepare(scan *sc, nc_error *err)
{
	const nc_place_req *req = sc->req;
	nc_sched *s = sc->s;

	memcpy(sc->want, req->want, sizeof(sc->want));
	pthread_mutex_lock(&s->book_lock);
	sc->is_first_fit = s->opt.algorithm == NC_SCHED_FIRST_FIT;
	pthread_mutex_unlock(&s->book_lock);
	sc->zone = nc_name_number(s, req->zone, NC_NAME_FIND);
	sc->provider = nc_name_number(s, req->provider, NC_NAME_FIND);
	sc->host = req->host ? nc_slot_find(s, req->host) : NO_SLOT;
	/* A word that was never met names nothing: UINT32_MAX equals no host's number. */
	if (req->zone && !sc->zone)
		sc->zone = UINT32_MAX;
	if (req->provider && !sc->provider)
		sc->provider = UINT32_MAX;
	if (nc_trait_bits(s, req->traits, req->n_traits, NC_NAME_FIND, sc->traits) < 0)
		memset(sc->traits, 0xff, sizeof(sc->traits));
	for (int i = 0; i < NC_RES_COUNT; i++)
		if (req->want[i] < 0)
			return nc_err(err, NC_E_INVAL, "%s: can't be negative", resource_words[i]);
	return NC_OK;
}

nc_code nc_sched_place(nc_sched *s, const nc_root *root, const nc_place_req *req, nc_placement *ret,
	nc_buf *decision, nc_error *err)
{
	nc_verdict v = { .near_slot = NO_SLOT };
	scan sc = { .s = s, .req = req, .v = &v };
	nc_placement p = { .n_alternates = 0 };

	nc_code rc = prepare(&sc, err);
	if (rc != NC_OK)
		return rc;
	run(&sc);
	if (v.n_survivors && s->n_stages && (rc = run_stages(&sc, err)) != NC_OK)
		return rc;
	if (v.n_survivors)
		choose(&sc, &p);
	else
		rc = no_capacity(&sc, err);
	if (!req->is_dry_run)
		nc_id_make("dec", p.decision_id);
	if (v.n_survivors)
		rc = nc_sched_provider_of(root, p.host, p.provider, err);
	nc_decision_write(s, req, &v, &p, decision);
	*ret = p;
	if (rc == NC_OK && nc_buf_failed(decision))
		rc = nc_err_nomem(err);
	return rc;
}
