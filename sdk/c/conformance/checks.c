/* SPDX-License-Identifier: Apache-2.0 */
/* Which checks there are for a plugin, in order, and what stays untried. */
#include "checks.h"

#include <stdlib.h>
#include <string.h>

#include "novacron/companions.h"
#include "novacron/compute.h"
#include "novacron/state.h"
#include "novacron/stream.h"

static bool is_asked(const nc_conformance_options *o, const char *rule, const char *verb)
{
	return !o->only || strcmp(rule, o->only) == 0 || (verb && strstr(verb, o->only));
}

static void untried(kit_findings *to, const char *rule, const char *verb)
{
	kit_finding f;

	memset(&f, 0, sizeof(f));
	(void)snprintf(f.rule, sizeof(f.rule), "%s", rule);
	(void)snprintf(f.verb, sizeof(f.verb), "%s", verb);
	f.verdict = KIT_NOT_EXERCISED;
	kit_findings_add(to, &f);
}

/* The checks to be run, in order. */
typedef struct agenda {
	const nc_conformance_options *options;
	kit_check list[16 + 8 * 64];
	size_t n;
} agenda;

static void plan(agenda *a, const kit_check *c)
{
	if (is_asked(a->options, c->rule, c->verb) && a->n < sizeof(a->list) / sizeof(a->list[0]))
		a->list[a->n++] = *c;
}

static void plan_rules(const kit_folder *f, agenda *a)
{
	static const struct {
		kit_check check;
		const char *ext; /* needed for it */
	} checks[] = {
		{ { "P1", "", kit_check_exports, NULL }, NULL },
		{ { "P2", "", kit_check_entry, NULL }, NULL },
		{ { "P3", "", kit_check_bare_host, NULL }, NULL },
		{ { "P7", "", kit_check_life, NULL }, NULL },
		{ { "P4", "", kit_check_hasty_end, NULL }, NC_EXT_COMPUTE },
		{ { "P11", "", kit_check_small_sink, NULL }, NC_EXT_COMPUTE },
		{ { "P12", "", kit_check_state, NULL }, NC_EXT_STATE },
		{ { KIT_RESULT, "stats.sample", kit_check_stats, NULL }, NC_EXT_STATS },
		{ { KIT_STREAM, "stream.open", kit_check_stream, NULL }, NC_EXT_STREAM },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const kit_check *c = &checks[i].check;

		if (checks[i].ext && !kit_folder_provides(f, checks[i].ext))
			continue;
		plan(a, c);
	}
}

static void plan_verb(const kit_verb *v, agenda *a, kit_findings *to)
{
	static const struct {
		const char *rule;
		void (*fn)(const kit_folder *, const void *);
	} ops[] = {
		{ KIT_RESULT, kit_check_result },
		{ KIT_REPEAT, kit_check_repeat },
		{ KIT_CANCEL, kit_check_cancel },
		{ KIT_DEADLINE, kit_check_deadline },
		{ KIT_LOST, kit_check_lost },
		{ KIT_RECOVER, kit_check_recover },
		{ KIT_CLOSED, kit_check_closed },
	};

	if (v->is_query) {
		kit_check c = { KIT_RESULT, v->name, kit_check_query, v };

		plan(a, &c);
		return;
	}
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		kit_check c = { ops[i].rule, v->name, ops[i].fn, v };

		if (!is_asked(a->options, c.rule, v->name))
			continue;
		untried(to, c.rule, v->name);
		plan(a, &c);
	}
}

/* A verb whose slot is not there is unsupported, which is no fault; the extension as a whole is. */
typedef struct presence {
	bool slots[64];
} presence;

static void list_slots(const kit_folder *f, const void *arg)
{
	kit_host *h = kit_open(f, KIT_RESULT, "");

	(void)arg;
	for (const kit_verb *v = kit_verbs; v->name; v++) {
		if (!kit_folder_provides(f, v->ext))
			continue;
		if (!kit_host_extension(h, v->ext))
			kit_found(KIT_RESULT, v->name, KIT_FAIL, "the manifest claims %s", v->ext);
		else if (kit_verb_slot(h, v))
			kit_found("slot", v->name, KIT_PASS, "%s", "");
	}
	kit_finish(h);
}

static void find_slots(const kit_folder *f, unsigned timeout_s, presence *ret, kit_findings *to)
{
	kit_check c = { KIT_RESULT, "create", list_slots, NULL };
	kit_findings found = { NULL, 0, 0 };

	kit_run_checks(f, &c, 1, timeout_s, &found);
	for (size_t i = 0; i < found.n; i++) {
		const kit_verb *v = kit_verb_find(found.list[i].verb);

		if (strcmp(found.list[i].rule, "slot") == 0 && v)
			ret->slots[v - kit_verbs] = true;
		else
			kit_findings_add(to, &found.list[i]);
	}
	free(found.list);
}

void kit_run_all(const kit_folder *f, const nc_conformance_options *o, kit_findings *to)
{
	static agenda a;
	unsigned timeout_s = o->check_timeout_s ? o->check_timeout_s : 60;
	presence there = { { false } };
	char rule[16];

	a.options = o;
	a.n = 0;
	for (int i = 1; i <= 12; i++) {
		(void)snprintf(rule, sizeof(rule), "P%d", i);
		if (is_asked(o, rule, NULL))
			untried(to, rule, "");
	}
	find_slots(f, timeout_s, &there, to);
	plan_rules(f, &a);
	for (const kit_verb *v = kit_verbs; v->name; v++)
		if (there.slots[v - kit_verbs])
			plan_verb(v, &a, to);
	kit_run_checks(f, a.list, a.n, timeout_s, to);
}

int nc_conformance_run(const nc_conformance_options *o)
{
	static kit_folder f;
	kit_findings all = { NULL, 0, 0 };
	int code = kit_folder_open(&f, o->path, o->settings);

	if (code == 0) {
		kit_run_all(&f, o, &all);
		code = kit_report(&all, &f, o);
	}
	kit_folder_close(&f);
	free(all.list);
	return code;
}
