/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a call, drawn by a hash, so that a run can be repeated from its seed whatever
 * the threads do. Stateless; any thread.
 */
#include "fate.h"

#include <math.h>
#include <string.h>

#include "map.h"

double sim_chance(uint64_t seed, const char *word, const char *salt, uint64_t n)
{
	uint64_t h = sim_hash(sim_hash(seed, word) + n, salt);

	return (double)(h >> 11) / 9007199254740992.0; /* 2^53 */
}

bool sim_glob(const char *p, const char *text)
{
	const char *star = NULL, *retry = text;

	while (*text) {
		if (*p == '*') {
			star = p++;
			retry = text;
		} else if (*p == '?' || *p == *text) {
			p++;
			text++;
		} else if (star) {
			p = star + 1;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

bool sim_glob_any(const char *const *patterns, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (sim_glob(patterns[i], text))
			return true;
	return false;
}

static bool fits(const sim_fault *f, const sim_question *q)
{
	if (q->is_query && f->has_first_attempts)
		return false;
	return (!f->hosts || sim_glob(f->hosts, q->host)) &&
	       (!f->names || sim_glob(f->names, q->name)) &&
	       (!f->verbs || sim_glob(f->verbs, q->verb)) &&
	       (!f->has_first_attempts || q->attempt <= f->first_attempts);
}

static const sim_fault *find_fault(const sim_config *cfg, const sim_question *q)
{
	for (size_t i = 0; i < cfg->n_faults; i++)
		if (fits(&cfg->faults[i], q))
			return &cfg->faults[i];
	return NULL;
}

static const sim_latency *find_latency(const sim_config *cfg, const sim_fault *f, const char *verb)
{
	const sim_latency *all = NULL;

	if (f && f->has_latency_ms)
		return &f->latency_ms;
	for (size_t i = 0; i < cfg->n_latency_ms; i++) {
		if (strcmp(cfg->latency_ms[i].key, verb) == 0)
			return &cfg->latency_ms[i].value;
		if (strcmp(cfg->latency_ms[i].key, "*") == 0)
			all = &cfg->latency_ms[i].value;
	}
	return all;
}

static int64_t draw_latency(const sim_latency *l, uint64_t seed, const sim_question *q)
{
	uint64_t n = (uint64_t)q->attempt;
	double u = sim_chance(seed, q->key, "latency", n), at = u;

	if (!l || l->max <= l->min)
		return l ? l->min : 0;
	if (l->dist == SIM_LATENCY_DIST_EXPONENTIAL) {
		at = -log(1.0 - u) / 5.0; /* mean a fifth of the way */
	} else if (l->dist == SIM_LATENCY_DIST_NORMAL) {
		double v = sim_chance(seed, q->key, "latency2", n);
		double w = sim_chance(seed, q->key, "latency3", n);

		at = (u + v + w) / 3.0; /* near enough, and never outside */
	}
	if (at > 1.0)
		at = 1.0;
	return l->min + (int64_t)(at * (double)(l->max - l->min));
}

static nc_code fault_code(int32_t code)
{
	static const nc_code codes[] = {
		[SIM_FAULT_CODE_INVAL] = NC_E_INVAL,
		[SIM_FAULT_CODE_NOTFOUND] = NC_E_NOTFOUND,
		[SIM_FAULT_CODE_BUSY] = NC_E_BUSY,
		[SIM_FAULT_CODE_DENIED] = NC_E_DENIED,
		[SIM_FAULT_CODE_QUOTA] = NC_E_QUOTA,
		[SIM_FAULT_CODE_UNAVAILABLE] = NC_E_UNAVAILABLE,
		[SIM_FAULT_CODE_TIMEOUT] = NC_E_TIMEOUT,
		[SIM_FAULT_CODE_CONFLICT] = NC_E_CONFLICT,
		[SIM_FAULT_CODE_INTERNAL] = NC_E_INTERNAL,
	};
	return code > 0 ? codes[code] : NC_E_UNAVAILABLE;
}

/* Queries change nothing and have no key to draw with: only a fault that is certain meets them. */
static sim_fate_kind query_kind(const sim_fault *f)
{
	if (f && f->hang_rate >= 1.0)
		return SIM_FATE_HANGS;
	return f && f->failure_rate >= 1.0 ? SIM_FATE_FAILS : SIM_FATE_ACTS;
}

static sim_fate_kind draw_kind(const sim_config *cfg, const sim_fault *f, const sim_question *q)
{
	/* In the order of sim_fate_kind, from SIM_FATE_FAILS on. */
	const double rates[] = {
		f ? f->failure_rate : cfg->failure_rate,
		f ? f->partial_rate : cfg->partial_rate,
		f ? f->hang_rate : cfg->hang_rate,
		f ? f->lost_reply_before : cfg->lost_reply_before,
		f ? f->lost_reply_after : cfg->lost_reply_after,
	};
	double at = sim_chance((uint64_t)cfg->seed, q->key, "fate", (uint64_t)q->attempt);
	size_t i = 0;

	for (; i < sizeof(rates) / sizeof(rates[0]) && at >= rates[i]; i++)
		at -= rates[i];
	if (i == sizeof(rates) / sizeof(rates[0]))
		return SIM_FATE_ACTS;
	if (i + SIM_FATE_FAILS == SIM_FATE_PARTIAL && strcmp(q->verb, "compute.create") != 0)
		return SIM_FATE_FAILS;
	return (sim_fate_kind)(SIM_FATE_FAILS + i);
}

sim_fate sim_fate_of(const sim_config *cfg, const sim_question *q)
{
	const sim_fault *f = find_fault(cfg, q);
	sim_fate fate = { SIM_FATE_HANGS, fault_code(f && f->code ? f->code : cfg->fault_code),
		draw_latency(find_latency(cfg, f, q->verb), (uint64_t)cfg->seed, q) };

	if (!sim_glob_any(cfg->hang_hosts, cfg->n_hang_hosts, q->host))
		fate.kind = q->is_query ? query_kind(f) : draw_kind(cfg, f, q);
	return fate;
}
