/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings added up and printed: one row for each rule and verb, failed before not exercised
 * before passed. What was never tried is never said to have passed.
 */
#include <stdlib.h>
#include <string.h>

#include "kit.h"

static const struct {
	const char *rule, *title;
} rules[] = {
	{ "P0", "keeps to the headers" },
	{ "P1", "exports only its entry" },
	{ "P2", "loading and entry have no side effects" },
	{ "P3", "gets by without what the host does not have" },
	{ "P4", "completes every operation exactly once" },
	{ "P5", "no host call after destroy" },
	{ "P6", "no thread after destroy" },
	{ "P7", "leaves the process alone" },
	{ "P8", "says nothing on stdout and stderr" },
	{ "P9", "honours cancel within a second" },
	{ "P10", "never tells a secret" },
	{ "P11", "keeps limits" },
	{ "P12", "state blobs come back" },
	{ KIT_RESULT, "does it, answers by its schema" },
	{ KIT_REPEAT, "a repeated key changes nothing" },
	{ KIT_CANCEL, "what cancel answered is true" },
	{ KIT_DEADLINE, "known after a deadline" },
	{ KIT_LOST, "known after a lost reply" },
	{ KIT_RECOVER, "recover tells the truth" },
	{ KIT_CLOSED, "refuses unknown members" },
	{ KIT_STREAM, "streams their bytes" },
	{ KIT_HEALTH, "tells its health" },
};
#define FAILURES_TOLD 3 /* of one rule and verb */
#define N_RULES       (sizeof(rules) / sizeof(rules[0]))

const char *kit_rule_title(const char *rule)
{
	for (size_t i = 0; i < N_RULES; i++)
		if (strcmp(rules[i].rule, rule) == 0)
			return rules[i].title;
	return "";
}

static int rank_of(const char *rule)
{
	for (size_t i = 0; i < N_RULES; i++)
		if (strcmp(rules[i].rule, rule) == 0)
			return (int)i;
	return (int)N_RULES;
}

void kit_findings_add(kit_findings *to, const kit_finding *one)
{
	if (to->n == to->cap) {
		size_t cap = to->cap ? to->cap * 2 : 256;
		kit_finding *list = realloc(to->list, cap * sizeof(*list));

		if (!list) {
			fprintf(stderr, "out of memory\n");
			exit(2);
		}
		to->list = list;
		to->cap = cap;
	}
	to->list[to->n++] = *one;
}

static int by_rule(const void *x, const void *y)
{
	const kit_finding *a = x, *b = y;
	int d = rank_of(a->rule) - rank_of(b->rule);

	if (d == 0)
		d = strcmp(a->verb, b->verb);
	if (d == 0) /* a failure first, a pass before what was not tried */
		d = (a->verdict == KIT_FAIL ? 0 : a->verdict + 1) -
		    (b->verdict == KIT_FAIL ? 0 : b->verdict + 1);
	return d ? d : (*a->detail == '\0') - (*b->detail == '\0'); /* who says why comes first */
}

static bool is_same_row(const kit_finding *a, const kit_finding *b)
{
	return strcmp(a->rule, b->rule) == 0 && strcmp(a->verb, b->verb) == 0;
}

/* A rule that has rows for verbs needs none that says nobody tried it. Sorted: "" comes first. */
static bool is_told_by_verb(const kit_findings *all, size_t at)
{
	for (size_t i = at + 1; i < all->n && strcmp(all->list[i].rule, all->list[at].rule) == 0;
		i++)
		if (*all->list[i].verb)
			return true;
	return false;
}

static const char *verdict_name(int32_t v)
{
	return v == KIT_PASS ? "pass" : v == KIT_FAIL ? "FAIL" : "not exercised";
}

static const char *detail_of(const kit_finding *f)
{
	if (*f->detail)
		return f->detail;
	return f->verdict == KIT_NOT_EXERCISED ? "nothing the plugin claims would show it"
					       : kit_rule_title(f->rule);
}

static void print_row(const nc_conformance_options *o, const kit_finding *f)
{
	if (o->table)
		fprintf(o->table, "%-4s %-22s %-14s %s\n", f->rule, *f->verb ? f->verb : "-",
			verdict_name(f->verdict), detail_of(f));
}

static json_t *row_json(const kit_finding *f, const char *way)
{
	static const char *const names[] = { "pass", "fail", "not_exercised" };

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "rule", f->rule, "title",
		kit_rule_title(f->rule), "verb", f->verb, "way", way, "verdict", names[f->verdict],
		"detail", detail_of(f));
}

/* The rows of one way: printed, into `rows` and counted by verdict. */
static void report_way(kit_way *way, const nc_conformance_options *o, json_t *rows, size_t count[3])
{
	const kit_findings *all = &way->found;
	size_t same = 0;

	if (all->n)
		qsort(all->list, all->n, sizeof(*all->list), by_rule);
	if (o->table)
		fprintf(o->table, "%-4s %-22s %-14s %s\n", "rule", "verb", "verdict", "detail");
	for (size_t i = 0; i < all->n; i++) {
		const kit_finding *row = &all->list[i], *last = i ? row - 1 : NULL;

		if (row->verdict == KIT_NOT_EXERCISED && !*row->verb && is_told_by_verb(all, i))
			continue;

		/* The first of its rule and verb is the worst; some other failures are told as well. */
		if (last && is_same_row(last, row)) {
			same++;
			if (row->verdict != KIT_FAIL || same >= FAILURES_TOLD ||
				strcmp(last->detail, row->detail) == 0)
				continue;
		} else {
			same = 0;
		}
		print_row(o, row);
		json_array_append_new(rows, row_json(row, way->name));
		count[row->verdict]++;
	}
}

int kit_report(kit_way *ways, size_t n, const kit_folder *f, const nc_conformance_options *o)
{
	json_t *rows = json_array(), *doc;
	size_t count[3] = { 0 };
	int code = 0;

	for (size_t i = 0; i < n; i++) {
		size_t of_way[3] = { 0 };
		bool is_here = strcmp(ways[i].name, "in_process") == 0;

		report_way(&ways[i], o, rows, of_way);
		if (of_way[KIT_FAIL] || !of_way[KIT_PASS])
			code = 1;
		for (size_t v = 0; v < 3; v++)
			count[v] += of_way[v];
		if (o->table)
			fprintf(o->table, "%s %s: %zu passed, %zu failed, %zu not exercised\n%s",
				f->path, is_here ? "in process" : "in nc-plugin-host",
				of_way[KIT_PASS], of_way[KIT_FAIL], of_way[KIT_NOT_EXERCISED],
				i + 1 < n ? "\n" : "");
	}
	doc = json_pack("{s:s, s:O, s:i, s:i, s:i, s:o}", "path", f->path, "plugin",
		json_object_get(f->manifest, "id"), "passed", (int)count[KIT_PASS], "failed",
		(int)count[KIT_FAIL], "not_exercised", (int)count[KIT_NOT_EXERCISED], "rows", rows);
	if (o->json && doc) {
		json_dumpf(doc, o->json, JSON_INDENT(1));
		fprintf(o->json, "\n");
	}
	json_decref(doc);
	return code;
}
