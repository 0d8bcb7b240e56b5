/* SPDX-License-Identifier: Apache-2.0 */
/* Which checks there are for a plugin, in order, and what stays untried. */
#include "checks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "novacron/companions.h"
#include "novacron/compute.h"
#include "novacron/state.h"
#include "novacron/store.h"
#include "novacron/stream.h"

/* Of a plugin in a process of its own the kit sees what its host process tells; what a plugin does to
 * the process it lives in, to a small sink or to a state is looked at in the kit's. */
static bool is_for_this_way(const kit_folder *f, const char *rule)
{
	static const char *const here[] = { "P1", "P2", "P3", "P7", "P12" };

	for (size_t i = 0; f->host && i < sizeof(here) / sizeof(here[0]); i++)
		if (strcmp(rule, here[i]) == 0)
			return false;
	return true;
}

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
		bool is_here;    /* in the kit's own process only */
	} checks[] = {
		{ { "P1", "", kit_check_exports, NULL }, NULL, true },
		{ { "P2", "", kit_check_entry, NULL }, NULL, true },
		{ { "P3", "", kit_check_bare_host, NULL }, NULL, true },
		{ { "P7", "", kit_check_life, NULL }, NULL, true },
		{ { "P7", "", kit_check_exit_handlers, NULL }, NULL, true },
		{ { "P4", "", kit_check_hasty_end, NULL }, NC_EXT_COMPUTE, false },
		{ { "P11", "", kit_check_small_sink, NULL }, NC_EXT_COMPUTE, true },
		{ { "P12", "", kit_check_state, NULL }, NC_EXT_STATE, true },
		{ { KIT_RESULT, "stats.sample", kit_check_stats, NULL }, NC_EXT_STATS, false },
		{ { KIT_STREAM, "stream.open", kit_check_stream, NULL }, NC_EXT_STREAM, false },
		{ { KIT_HEALTH, "", kit_check_health, NULL }, NULL, false },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const kit_check *c = &checks[i].check;

		if ((checks[i].ext && !kit_folder_provides(f, checks[i].ext)) ||
			(checks[i].is_here && f->host))
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
		if (is_asked(o, rule, NULL) && is_for_this_way(f, rule))
			untried(to, rule, "");
	}
	find_slots(f, timeout_s, &there, to);
	plan_rules(f, &a);
	for (const kit_verb *v = kit_verbs; v->name; v++)
		if (there.slots[v - kit_verbs])
			plan_verb(v, &a, to);
	kit_run_checks(f, a.list, a.n, timeout_s, to);
}

/* nc-plugin-host beside this program, as it is built and installed; NULL: it is not there. */
static const char *find_host(void)
{
	static const char name[] = "/nc-plugin-host";
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(name));
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	memcpy(slash, name, sizeof(name));
	return access(path, X_OK) == 0 ? path : NULL;
}

int nc_conformance_isolation(const char *word)
{
	static const char *const words[] = { [NC_CONFORMANCE_BOTH] = "both",
		[NC_CONFORMANCE_IN_PROCESS] = "in_process",
		[NC_CONFORMANCE_PROCESS] = "process" };

	for (int i = 0; i < (int)(sizeof(words) / sizeof(words[0])); i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static void run_way(kit_folder *f, const nc_conformance_options *o, const char *host, kit_way *to)
{
	*to = (kit_way){ .name = host ? "process" : "in_process" };
	f->host = host;
	kit_run_all(f, o, &to->found);
}

/* The ways it is to be tried, each tried; how many there were. */
static size_t run_ways(kit_folder *f, const nc_conformance_options *o, kit_way ways[2])
{
	const char *host = o->isolation == NC_CONFORMANCE_IN_PROCESS ? NULL : find_host();
	bool may_cross = !kit_folder_provides(f, NC_EXT_STORE);
	size_t n = 0;

	if (o->isolation != NC_CONFORMANCE_PROCESS)
		run_way(f, o, NULL, &ways[n++]);
	if (host && may_cross)
		run_way(f, o, host, &ways[n++]);
	else if (o->isolation != NC_CONFORMANCE_IN_PROCESS)
		fprintf(stderr, "%s: not tried in a process of its own: %s\n", f->path,
			may_cross ? "there is no nc-plugin-host beside this program"
				  : "a store is in process only");
	return n;
}

int nc_conformance_run(const nc_conformance_options *o)
{
	static kit_folder f;
	kit_way ways[2] = { { .name = NULL } };
	int code = kit_folder_open(&f, o->path, o->settings);

	if (code == 0) {
		size_t n = run_ways(&f, o, ways);

		code = n ? kit_report(ways, n, &f, o) : 2;
	}
	kit_folder_close(&f);
	for (size_t i = 0; i < 2; i++)
		free(ways[i].found.list);
	return code;
}
