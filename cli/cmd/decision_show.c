/* SPDX-License-Identifier: Apache-2.0 */
/* decision show: why a placement went as it did, with a bar for each filter. */
#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/call.h"
#include "cli/cmd/all.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/units.h"

enum { TEXT_MAX = 1 << 20, BAR = 30 };

static const char *name_of(nc_names *names, const char *id)
{
	const char *name = nc_names_get(names, id);

	return name ? name : id;
}

static json_int_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* "place  vm web-1: 2 vcpus, 2 GiB memory, 10 GiB disk" */
static void put_request(const json_t *d, nc_names *names, nc_buf *b)
{
	static const char *const wishes[] = { "provider", "zone", "host", "vm_group" };
	const json_t *r = json_object_get(d, "request");
	char memory[32];

	nc_bytes_format((int64_t)((uint64_t)number(r, "memory_mib") << 20), memory, sizeof(memory));
	nc_buf_printf(b,
		"place     %s: %" JSON_INTEGER_FORMAT " vcpus, %s memory, %" JSON_INTEGER_FORMAT
		" GiB disk\n",
		name_of(names, nc_json_text(r, "consumer")), number(r, "vcpus"), memory,
		number(r, "disk_gib"));
	for (size_t i = 0; i < NC_LEN(wishes); i++) {
		const char *id = nc_json_text(r, wishes[i]);
		if (*id)
			nc_buf_printf(b, "%-9s %s\n", wishes[i], name_of(names, id));
	}
}

/* "nearest   host-00002, short of 9188147 memory_mib, 3 vcpus" */
static void put_nearest(const json_t *miss, nc_names *names, nc_buf *b)
{
	const char *resource, *before = ", short of ";
	json_t *amount;

	nc_buf_printf(b, "nearest   %s", name_of(names, nc_json_text(miss, "host")));
	json_object_foreach(json_object_get(miss, "short"), resource, amount)
	{
		nc_buf_printf(b, "%s%" JSON_INTEGER_FORMAT " %s", before,
			json_integer_value(amount), resource);
		before = ", ";
	}
	nc_buf_putc(b, '\n');
}

static void put_result(const json_t *d, nc_names *names, nc_buf *b)
{
	const char *chosen = nc_json_text(d, "chosen");
	const json_t *miss = json_object_get(d, "nearest_miss");

	nc_buf_printf(b, "decided   %s\n", nc_json_text(d, "decided_at"));
	nc_buf_printf(
		b, "chosen    %s\n", *chosen ? name_of(names, chosen) : "none: it fits nowhere");
	if (miss)
		put_nearest(miss, names, b);
	nc_buf_printf(b,
		"\n%" JSON_INTEGER_FORMAT " hosts looked at, %" JSON_INTEGER_FORMAT " fit\n",
		number(d, "hosts_seen"), number(d, "hosts_fit"));
}

static void add_bar(nc_table *t, const char *what, json_int_t n, json_int_t of, nc_colour colour)
{
	char count[24], bar[BAR + 1] = "";
	size_t columns = of > 0 ? (size_t)(n * BAR / of) : 0;

	snprintf(count, sizeof(count), "%" JSON_INTEGER_FORMAT, n);
	columns = NC_MIN(NC_MAX(columns, (size_t)(n > 0)), (size_t)BAR);
	for (size_t i = 0; i < columns; i++)
		bar[i] = '#';
	bar[columns] = '\0';
	nc_table_value(t, what, NC_PLAIN);
	nc_table_value(t, count, NC_PLAIN);
	nc_table_cell(t, bar, colour);
}

static void make_filters(const json_t *d, nc_table *t)
{
	const char *filter;
	json_t *n;
	json_int_t seen = number(d, "hosts_seen");

	nc_table_column(t, "REFUSED BY", NC_LEFT);
	nc_table_column(t, "HOSTS", NC_RIGHT);
	nc_table_column(t, "", NC_LEFT);
	json_object_foreach(json_object_get(d, "filters"), filter, n)
		add_bar(t, filter, json_integer_value(n), seen, NC_RED);
	add_bar(t, "(fits)", number(d, "hosts_fit"), seen, NC_GREEN);
}

static void make_candidates(const json_t *d, nc_names *names, nc_table *t)
{
	const json_t *list = json_object_get(d, "candidates");

	nc_table_column(t, "CANDIDATE", NC_LEFT);
	nc_table_column(t, "SCORE", NC_RIGHT);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i),
			     *scores = json_object_get(one, "scores");
		char text[32];
		double sum = 0;
		const char *key;
		json_t *v;
		json_object_foreach((json_t *)(uintptr_t)scores, key, v) sum +=
			json_number_value(v);
		snprintf(text, sizeof(text), "%.3f", sum);
		nc_table_value(t, name_of(names, nc_json_text(one, "id")), NC_PLAIN);
		nc_table_value(t, text, NC_PLAIN);
	}
}

static nc_code print_all(nc_cli *c, const json_t *d, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf b;
	_cleanup_(nc_table_done) nc_table filters;
	_cleanup_(nc_table_done) nc_table candidates;
	nc_names *names = nc_names_new(c);
	nc_code rc = NC_OK;

	nc_buf_init(&b, TEXT_MAX);
	nc_table_init(&filters);
	nc_table_init(&candidates);
	if (!names)
		return nc_err_nomem(err);
	put_request(d, names, &b);
	put_result(d, names, &b);
	make_filters(d, &filters);
	rc = nc_table_render(&filters, c->term.width, c->term.has_colour_out, NC_HEADERS, &b);
	if (rc == NC_OK && json_array_size(json_object_get(d, "candidates"))) {
		make_candidates(d, names, &candidates);
		nc_buf_putc(&b, '\n');
		rc = nc_table_render(
			&candidates, c->term.width, c->term.has_colour_out, NC_HEADERS, &b);
	}
	if (rc != NC_OK || nc_buf_failed(&b))
		return nc_err_nomem(err);
	return nc_print_text(nc_buf_bytes(&b), err);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *d = NULL;
	nc_code rc = nc_get_object(c, &nc_kind_decision, c->args.words[0], &d, err);

	if (rc != NC_OK)
		return rc;
	return nc_out_is_for_programs(c) ? nc_print_json(c, d, err) : print_all(c, d, err);
}

const nc_cmd nc_cmd_decision_show = {
	.path = "decision show",
	.doc = "why a placement went as it did",
	.more = "novacron operation show ID names the decisions made for it.",
	.args = { { .name = "DECISION" } },
	.uses = NC_USES_OUTPUT,
	.run = run,
};
