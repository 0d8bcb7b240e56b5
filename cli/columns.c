/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of lists. A column names a member by its path and how it is shown; what is only for
 * -o wide is marked. Const tables and pure functions, but for names, which are looked up.
 */
#include "cli/columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/units.h"

enum { TEXT_MAX = 512 };

typedef enum form { TEXT, STATUS, COUNT, MIB, GIB, AGE, WHEN, REF, LIST, LABELS, PERCENT } form;
enum { WIDE = 1 };

typedef struct column {
	const char *header, *path; /* NULL header ends a table */
	uint8_t form, wide;
} column;

/* clang-format off */
static const column vm[] = { { "NAME", "name", TEXT, 0 }, { "STATUS", "status", STATUS, 0 },
	{ "TASK", "task", TEXT, WIDE }, { "VCPUS", "vcpus", COUNT, 0 },
	{ "MEMORY", "memory_mib", MIB, 0 }, { "HOST", "host", REF, 0 }, { "IP", "primary_ip", TEXT, 0 },
	{ "AGE", "created_at", AGE, 0 }, { "PROJECT", "project", REF, WIDE },
	{ "PROVIDER", "provider", REF, WIDE }, { "LABELS", "labels", LABELS, WIDE },
	{ "ID", "id", TEXT, WIDE }, { NULL, NULL, 0, 0 } };
static const column host[] = { { "NAME", "name", TEXT, 0 }, { "STATUS", "status", STATUS, 0 },
	{ "ADMIN", "admin_state", TEXT, WIDE }, { "VCPUS", "vcpus", COUNT, 0 },
	{ "MEMORY", "memory_mib", MIB, 0 }, { "DISK", "disk_gib", GIB, 0 }, { "GUESTS", "guests", COUNT, 0 },
	{ "ZONE", "zone", REF, 0 }, { "PROVIDER", "provider", REF, 0 }, { "LOAD", "load", TEXT, WIDE },
	{ "HYPERVISOR", "hypervisor", TEXT, WIDE }, { "ID", "id", TEXT, WIDE }, { NULL, NULL, 0, 0 } };
static const column provider[] = { { "NAME", "name", TEXT, 0 }, { "STATUS", "status", STATUS, 0 },
	{ "PLUGIN", "plugin", TEXT, 0 }, { "VERSION", "plugin_version", TEXT, 0 },
	{ "HOSTS", "hosts", COUNT, 0 }, { "GUESTS", "guests", COUNT, 0 }, { "AGE", "created_at", AGE, 0 },
	{ "HEALTH", "health", TEXT, WIDE }, { "ID", "id", TEXT, WIDE }, { NULL, NULL, 0, 0 } };
static const column operation[] = { { "ID", "id", TEXT, 0 }, { "KIND", "kind", TEXT, 0 },
	{ "TARGET", "target.name", TEXT, 0 }, { "STATE", "state", STATUS, 0 }, { "STEP", "step", TEXT, 0 },
	{ "DONE", "progress.permille", PERCENT, 0 }, { "AGE", "created_at", AGE, 0 },
	{ "ERROR", "error.message", TEXT, 0 }, { "ACTOR", "actor", TEXT, WIDE },
	{ "HOST", "host", REF, WIDE }, { NULL, NULL, 0, 0 } };
static const column event[] = { { "TIME (UTC)", "ts", WHEN, 0 }, { "TYPE", "type", TEXT, 0 },
	{ "NAME", "name", TEXT, 0 }, { "ACTOR", "actor", TEXT, 0 }, { "OPERATION", "op_id", TEXT, 0 },
	{ "KEY", "key", TEXT, WIDE }, { "DECISION", "decision_id", TEXT, WIDE },
	{ "CURSOR", "cursor", TEXT, WIDE }, { NULL, NULL, 0, 0 } };
static const column plugin[] = { { "ID", "id", TEXT, 0 }, { "STATE", "state", STATUS, 0 },
	{ "VERSION", "version", TEXT, 0 }, { "ISOLATION", "isolation", TEXT, 0 },
	{ "RESTARTS", "restarts", COUNT, 0 }, { "REASON", "reason", TEXT, 0 },
	{ "PROVIDES", "provides", LIST, WIDE }, { NULL, NULL, 0, 0 } };
static const column orphan[] = { { "ID", "id", TEXT, 0 }, { "STATUS", "status", STATUS, 0 },
	{ "PROVIDER", "provider", REF, 0 }, { "NATIVE", "native_name", TEXT, 0 },
	{ "HOST", "host", REF, 0 }, { "REASON", "reason", TEXT, 0 }, { "FOUND", "found_at", AGE, 0 },
	{ "OBJECT", "tag_object", TEXT, WIDE }, { "NATIVE ID", "native_id", TEXT, WIDE },
	{ NULL, NULL, 0, 0 } };
static const column instance_type[] = { { "NAME", "name", TEXT, 0 }, { "VCPUS", "vcpus", COUNT, 0 },
	{ "MEMORY", "memory_mib", MIB, 0 }, { "DISK", "disk_gib", GIB, 0 },
	{ "PROVIDER", "provider", REF, 0 }, { "AGE", "created_at", AGE, 0 }, { "ID", "id", TEXT, WIDE },
	{ NULL, NULL, 0, 0 } };
static const column volume[] = { { "NAME", "name", TEXT, 0 }, { "STATUS", "status", STATUS, 0 },
	{ "SIZE", "size_gib", GIB, 0 }, { "ATTACHED TO", "attached_to", REF, 0 },
	{ "POOL", "pool", REF, 0 }, { "AGE", "created_at", AGE, 0 }, { "ID", "id", TEXT, WIDE },
	{ NULL, NULL, 0, 0 } };
static const column quota[] = { { "PROJECT", "project", REF, 0 }, { "NAME", "name", TEXT, 0 },
	{ "AGE", "created_at", AGE, 0 }, { "ID", "id", TEXT, WIDE }, { NULL, NULL, 0, 0 } };
static const column vm_group[] = { { "NAME", "name", TEXT, 0 }, { "POLICY", "policy", TEXT, 0 },
	{ "DOMAIN", "domain", TEXT, 0 }, { "PER DOMAIN", "max_per_domain", COUNT, 0 },
	{ "AGE", "created_at", AGE, 0 }, { "ID", "id", TEXT, WIDE }, { NULL, NULL, 0, 0 } };
static const column decision[] = { { "ID", "id", TEXT, 0 }, { "FOR", "request.consumer", REF, 0 },
	{ "CHOSEN", "chosen", REF, 0 }, { "SEEN", "hosts_seen", COUNT, 0 },
	{ "FIT", "hosts_fit", COUNT, 0 }, { "AGE", "decided_at", AGE, 0 }, { NULL, NULL, 0, 0 } };
static const column other[] = { { "NAME", "name", TEXT, 0 }, { "STATUS", "status", STATUS, 0 },
	{ "PROJECT", "project", REF, 0 }, { "AGE", "created_at", AGE, 0 },
	{ "DESCRIPTION", "description", TEXT, 0 }, { "LABELS", "labels", LABELS, WIDE },
	{ "ID", "id", TEXT, WIDE }, { NULL, NULL, 0, 0 } };
/* clang-format on */

static const struct {
	const nc_kind *kind;
	const column *columns;
} tables[] = {
	{ &nc_kind_vm, vm },
	{ &nc_kind_host, host },
	{ &nc_kind_provider, provider },
	{ &nc_kind_operation, operation },
	{ &nc_kind_event, event },
	{ &nc_kind_plugin, plugin },
	{ &nc_kind_orphan, orphan },
	{ &nc_kind_instance_type, instance_type },
	{ &nc_kind_volume, volume },
	{ &nc_kind_quota, quota },
	{ &nc_kind_vm_group, vm_group },
	{ &nc_kind_decision, decision },
};

static const column *columns_of(const nc_kind *kind)
{
	for (size_t i = 0; i < NC_LEN(tables); i++)
		if (tables[i].kind == kind)
			return tables[i].columns;
	return other;
}

/* Columns of `other` that no object of the kind can fill are left out. */
static int is_shown(const nc_kind *kind, const column *c, int is_wide)
{
	if (c->wide && !is_wide)
		return 0;
	if (columns_of(kind) != other)
		return 1;
	if (!strcmp(c->path, "status"))
		return kind->statuses != NULL;
	if (!strcmp(c->path, "project"))
		return kind->scope != NC_SCOPE_GLOBAL;
	return 1;
}

static int is_number(uint8_t f)
{
	return f == COUNT || f == MIB || f == GIB || f == PERCENT;
}

void nc_columns_head(const nc_kind *kind, int is_wide, nc_table *t)
{
	for (const column *c = columns_of(kind); c->header; c++)
		if (is_shown(kind, c, is_wide))
			nc_table_column(t, c->header, is_number(c->form) ? NC_RIGHT : NC_LEFT);
}

/* ---- cells ---- */

static const json_t *member_at(const json_t *o, const char *path)
{
	const char *dot = strchr(path, '.');
	char head[32];

	if (!dot)
		return json_object_get(o, path);
	snprintf(head, sizeof(head), "%.*s", (int)(dot - path), path);
	return json_object_get(json_object_get(o, head), dot + 1);
}

static void put_list(const json_t *v, nc_buf *b)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		const char *s = json_string_value(json_array_get(v, i));
		nc_buf_printf(b, "%s%s", i ? "," : "", s ? s : "…");
	}
}

static void put_labels(const json_t *v, nc_buf *b)
{
	const char *key, *gap = "";
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)v, key, value)
	{
		const char *s = json_string_value(value);
		nc_buf_printf(b, "%s%s=%s", gap, key, s ? s : "");
		gap = ",";
	}
}

static void put_age(const json_t *v, nc_buf *b)
{
	int64_t then = 0;
	char text[32];
	const char *s = json_string_value(v);

	if (!s || nc_time_parse(s, &then) < 0)
		return;
	nc_span_format((nc_clock_wall_ms() - then) / 1000, text, sizeof(text));
	nc_buf_puts(b, text);
}

/* "2026-11-21T00:47:37.123Z" is shown as "2026-11-21 00:47:37". */
static void put_when(const json_t *v, nc_buf *b)
{
	const char *s = json_string_value(v);

	if (s && strlen(s) >= 19)
		nc_buf_printf(b, "%.10s %.8s", s, s + 11);
}

static void put_bytes(int64_t amount, int shift, nc_buf *b)
{
	char text[32];

	nc_bytes_format((int64_t)((uint64_t)amount << shift), text, sizeof(text));
	nc_buf_puts(b, text);
}

static void put_text(const json_t *v, nc_buf *b)
{
	if (json_is_string(v)) /* more than a cell holds is cut */
		nc_buf_put(b, json_string_value(v), NC_MIN(json_string_length(v), b->limit));
	else if (json_is_integer(v))
		nc_buf_printf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		nc_buf_printf(b, "%.2f", json_real_value(v));
	else if (json_is_boolean(v))
		nc_buf_puts(b, json_is_true(v) ? "yes" : "no");
}

static void put_ref(const json_t *v, nc_names *names, nc_buf *b)
{
	const char *id = json_string_value(v), *name = id ? nc_names_get(names, id) : NULL;

	nc_buf_puts(b, name ? name : id ? id : "");
}

static void put_cell(const column *c, const json_t *v, nc_names *names, nc_buf *b)
{
	json_int_t n = json_integer_value(v);

	switch ((form)c->form) {
	case TEXT:
	case STATUS:
	case COUNT:
		put_text(v, b);
		break;
	case MIB:
		if (json_is_integer(v))
			put_bytes(n, 20, b);
		break;
	case GIB:
		if (json_is_integer(v))
			put_bytes(n, 30, b);
		break;
	case PERCENT:
		if (n)
			nc_buf_printf(b, "%" JSON_INTEGER_FORMAT " %%", n / 10);
		break;
	case AGE:
		put_age(v, b);
		break;
	case WHEN:
		put_when(v, b);
		break;
	case REF:
		put_ref(v, names, b);
		break;
	case LIST:
		put_list(v, b);
		break;
	case LABELS:
		put_labels(v, b);
		break;
	}
}

void nc_columns_row(
	const nc_kind *kind, int is_wide, const json_t *object, nc_names *names, nc_table *t)
{
	char mem[TEXT_MAX];

	for (const column *c = columns_of(kind); c->header; c++) {
		nc_buf b;
		if (!is_shown(kind, c, is_wide))
			continue;
		nc_buf_init_fixed(&b, mem, sizeof(mem));
		put_cell(c, member_at(object, c->path), names, &b);
		nc_table_value(t, b.ptr, c->form == STATUS ? nc_status_colour(b.ptr) : NC_PLAIN);
	}
}
