/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Defaults, then files, then the environment into a new snapshot. Every fault is collected and
 * told at once; with any fault there is no snapshot. Runs on the caller's thread and keeps
 * nothing. Never writes a secret into an error.
 */
#include "config/load.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/secret.h"
#include "config/env.h"
#include "config/load_internal.h"

#define FILES_MAX     32
#define SCRATCH_LIMIT ((size_t)64 << 20)
#define PATH_DEPTH    4 /* sections of sections, and one more */
#define KEY_MAX       96

static nc_code apply_default(nc_config_loading *l, const nc_config_key *k)
{
	const char *source = l->source;
	nc_code code;

	l->source = NULL;
	code = nc_config_text_apply(l, k, k->def);
	l->source = source;
	return code;
}

nc_code nc_config_apply(nc_config_loading *l, const nc_config_key *k, const nc_yaml_node *node)
{
	nc_config_input in = { l, k, k->key, node };
	size_t n;
	nc_code code;

	if (nc_yaml_is_null(node))
		return apply_default(l, k);
	code = nc_config_value_read(&in, nc_config_slot(&l->snap->pub, k));
	if (code == NC_E_NOMEM)
		return code;
	l->snap->place[k - nc_config_keys(&n)] =
		(nc_config_place){ l->source, node->line, node->column };
	return NC_OK;
}

static nc_code apply_defaults(nc_config_loading *l)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);
	nc_code code = NC_OK;

	for (size_t i = 0; i < n && !code; i++)
		code = apply_default(l, &keys[i]);
	nc_assert(code || !l->report->n_faults); /* else the table is wrong */
	return code;
}

static bool is_section(const char *path)
{
	size_t n, len = strlen(path);
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		if (!strncmp(keys[i].key, path, len) && keys[i].key[len] == '.')
			return true;
	}
	return false;
}

/* The nearest key to a word that is none: first among whole names, then by the last word alone,
 * for a key that stands in the wrong section. */
static const char *nearest(const char *path)
{
	const char *names[128];
	const char *tail = strrchr(path, '.') ? strrchr(path, '.') + 1 : path;
	size_t n, n_names = 0;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n && n_names < NC_LEN(names); i++)
		names[n_names++] = keys[i].key;
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(strrchr(keys[i].key, '.') + 1, tail))
			return keys[i].key;
	}
	return nc_did_you_mean(path, names, n_names);
}

static void fault_unknown(nc_config_loading *l, const nc_yaml_node *node, const char *path)
{
	nc_config_at at = {
		.source = l->source, .line = node->key_line, .column = node->key_column, .key = path
	};
	const char *near = nearest(path);
	char hint[200] = "`novacron config generate` lists every key";

	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	nc_config_fault(l->report, &at, hint, "there is no such key");
}

/* One member of a section: a key is applied; of a section, *ret_inner is set to walk into. */
static nc_code take_member(nc_config_loading *l, const nc_yaml_node *node, const char *path,
	const nc_yaml_node **ret_inner)
{
	const nc_config_key *k = nc_config_key_find(path);
	nc_config_at at = { .source = l->source,
		.line = node->line,
		.column = node->column,
		.key = path,
		.value = node->text };

	if (k)
		return nc_config_apply(l, k, node);
	if (!is_section(path))
		fault_unknown(l, node, path);
	else if (node->kind == NC_YAML_MAP)
		*ret_inner = node;
	else if (!nc_yaml_is_null(node))
		nc_config_fault(l->report, &at, "put its keys below it, indented",
			"this is a section, not a value");
	return NC_OK;
}

static nc_code walk(nc_config_loading *l, const nc_yaml_node *root)
{
	const nc_yaml_node *at[PATH_DEPTH] = { root->first };
	size_t prefix[PATH_DEPTH] = { 0 };
	char path[KEY_MAX];
	size_t depth = 0;

	for (;;) {
		const nc_yaml_node *node = at[depth], *inner = NULL;
		nc_code code;
		int n;

		if (!node) {
			if (!depth--)
				return NC_OK;
			continue;
		}
		at[depth] = node->next;
		n = snprintf(path + prefix[depth], sizeof(path) - prefix[depth], "%s", node->key);
		code = take_member(l, node, path, &inner);
		if (code)
			return code;
		if (!inner)
			continue;
		/* A section's name fits: it is the start of a key. */
		nc_assert(depth + 1 < PATH_DEPTH);
		prefix[depth + 1] = prefix[depth] + (size_t)n + 1;
		path[prefix[depth + 1] - 1] = '.';
		at[++depth] = inner->first;
	}
}

static void warn_if_public(nc_config_loading *l, const char *path)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);
	struct stat st;

	if (stat(path, &st) || !(st.st_mode & S_IROTH))
		return;
	for (size_t i = 0; i < n; i++) {
		const nc_config_place *p = &l->snap->place[i];
		nc_config_at at = { p->source, p->line, p->column, .key = keys[i].key };
		if (keys[i].secret && p->source == l->source &&
			**(const char *const *)nc_config_slot_const(&l->snap->pub, &keys[i]))
			nc_config_warn(l->report, &at, "chmod o-r the file",
				"a secret in a file that everybody can read");
	}
}

static nc_code load_file(nc_config_loading *l, const char *path, nc_error *err)
{
	_cleanup_(nc_freep) char *text = NULL;
	nc_yaml_node *root = NULL;
	size_t len = 0;
	nc_code code = nc_file_read(path, NC_CONFIG_YAML_BYTES, &text, &len, err);

	if (code)
		return nc_err_wrap(err, code, "configuration");
	l->source = nc_arena_strdup(l->snap->arena, path);
	if (!l->source)
		return nc_err_nomem(err);
	code = nc_config_yaml_parse(
		(nc_bytes){ text, len }, l->source, l->scratch, l->report, &root);
	nc_zero(text, len);
	if (code == NC_E_NOMEM)
		return nc_err_nomem(err);
	if (code || !root || nc_yaml_is_null(root))
		return NC_OK;
	if (root->kind != NC_YAML_MAP) {
		nc_config_at at = {
			.source = l->source, .line = root->line, .column = root->column
		};
		nc_config_fault(l->report, &at, "start with a section, such as \"server:\"",
			"the document is not a map of sections");
		return NC_OK;
	}
	if (walk(l, root))
		return nc_err_nomem(err);
	warn_if_public(l, path);
	return NC_OK;
}

static nc_code fill_origins(nc_config_snapshot *s)
{
	size_t n;

	nc_config_keys(&n);
	for (size_t i = 0; i < n; i++) {
		const nc_config_place *p = &s->place[i];
		if (!p->source)
			s->origin[i] = "default";
		else if (!p->line)
			s->origin[i] = p->source;
		else
			s->origin[i] = nc_arena_printf(s->arena, "%s:%u", p->source, p->line);
		if (!s->origin[i])
			return NC_E_NOMEM;
	}
	return NC_OK;
}

nc_code nc_config_tell_faults(const nc_config_report *r, nc_error *err)
{
	const nc_config_issue *first = &r->fault[0];
	char text[512];

	nc_config_issue_format(first, text, sizeof(text));
	if (r->n_faults > 1)
		nc_err(err, first->code, "%.270s (and %zu more)", text, r->n_faults - 1);
	else
		nc_err(err, first->code, "%.319s", text);
	return first->hint[0] ? nc_err_hint(err, first->code, "%s", first->hint) : first->code;
}

static nc_code load_all(nc_config_loading *l, const char *const *files, size_t n,
	const char *const *env, nc_error *err)
{
	nc_config defaults;
	nc_code code = apply_defaults(l);

	if (code)
		return nc_err_nomem(err);
	defaults = l->snap->pub; /* its text stays in the arena */
	for (size_t i = 0; i < n; i++) {
		code = load_file(l, files[i], err);
		if (code)
			return code;
	}
	if (env && nc_config_env_apply(l, env))
		return nc_err_nomem(err);
	if (nc_config_finish(l, &defaults))
		return nc_err_nomem(err);
	if (l->report->n_faults)
		return nc_config_tell_faults(l->report, err);
	return fill_origins(l->snap) ? nc_err_nomem(err) : NC_OK;
}

nc_code nc_config_load_snapshot(const char *const *files, size_t n, const char *const *env,
	nc_config_snapshot **ret, nc_config_report *report, nc_error *err)
{
	_cleanup_(nc_config_snapshot_dropp) nc_config_snapshot *snap = NULL;
	_cleanup_(nc_arena_freep) nc_arena *scratch = NULL;
	_cleanup_(nc_freep) nc_config_report *own = NULL;
	nc_config_loading l;
	nc_code code;

	if (n > FILES_MAX)
		return nc_err(
			err, NC_E_INVAL, "%zu configuration files are more than %d", n, FILES_MAX);
	if (!report)
		report = own = nc_malloc(sizeof(*own));
	snap = nc_config_snapshot_new();
	scratch = nc_arena_new(SCRATCH_LIMIT);
	if (!report || !snap || !scratch)
		return nc_err_nomem(err);
	report->n_faults = report->n_warnings = 0;
	l = (nc_config_loading){ .snap = snap, .report = report, .scratch = scratch };
	code = load_all(&l, files, n, env, err);
	if (code)
		return code;
	*ret = nc_steal(&snap);
	return NC_OK;
}

nc_code nc_config_load(const char *const *files, size_t n, const char *const *env,
	const nc_config **ret, nc_config_report *report, nc_error *err)
{
	nc_config_snapshot *snap = NULL;
	nc_code code = nc_config_load_snapshot(files, n, env, &snap, report, err);

	if (!code)
		*ret = &snap->pub;
	return code;
}
