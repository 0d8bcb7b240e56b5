/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values that are more than a word: lists of paths, of plugins and of local users, and the
 * free-form map that is handed on as JSON. Same lifetime and thread as config/value.c.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "config/value.h"

#define MAP_JSON_MAX ((size_t)64 << 10)
#define NAME_MAX_LEN 96

static const char *const isolations[] = { "process", "in_process", NULL };
static const char *const roles[] = { "viewer", "operator", "administrator", NULL };

static nc_code check_count(const nc_config_input *in)
{
	if ((double)in->node->n > in->key->max)
		return nc_config_bad(in, NULL, "has more than %.0f entries", in->key->max);
	return NC_OK;
}

static nc_config_input element_of(
	const nc_config_input *in, const nc_yaml_node *node, size_t index, char name[NAME_MAX_LEN])
{
	snprintf(name, NAME_MAX_LEN, "%s[%zu]", in->name, index);
	return (nc_config_input){ in->load, in->key, name, node };
}

nc_code nc_config_read_paths(const nc_config_input *in, void *slot)
{
	nc_arena *arena = in->load->snap->arena;
	const char **v = nc_arena_new_array(arena, const char *, in->node->n + 1);
	nc_code code = check_count(in);
	size_t n = 0;

	if (code)
		return code;
	if (!v)
		return NC_E_NOMEM;
	for (const nc_yaml_node *item = in->node->first; item; item = item->next) {
		char name[NAME_MAX_LEN];
		nc_config_input one = element_of(in, item, n, name);
		if (item->kind != NC_YAML_SCALAR)
			return nc_config_bad(&one, NULL, "is not a path");
		code = nc_config_check_path(&one);
		if (code)
			return code;
		v[n] = nc_arena_strdup(arena, item->text);
		if (!v[n++])
			return NC_E_NOMEM;
	}
	*(nc_config_list *)slot = (nc_config_list){ v, n };
	return NC_OK;
}

/*
 * An entry with two words: "a:b" (split at the last colon) or {first: a, second: b}. The
 * second may come back NULL, the first not.
 */
typedef struct pair {
	const char *fields[2];
	const nc_yaml_node *node[2];
} pair;

static nc_code pair_from_text(const nc_config_input *in, pair *p)
{
	nc_arena *scratch = in->load->scratch;
	const char *colon = strrchr(in->node->text, ':');
	nc_yaml_node *first, *second;

	p->node[0] = in->node;
	if (!colon)
		return NC_OK;
	first = nc_arena_memdup(scratch, in->node, sizeof(*first));
	second = nc_arena_memdup(scratch, in->node, sizeof(*second));
	if (!first || !second)
		return NC_E_NOMEM;
	first->text = nc_arena_strndup(scratch, in->node->text, (size_t)(colon - in->node->text));
	second->text = colon + 1;
	p->node[0] = first;
	p->node[1] = second;
	return first->text ? NC_OK : NC_E_NOMEM;
}

static nc_code pair_from_map(const nc_config_input *in, pair *p)
{
	for (const nc_yaml_node *m = in->node->first; m; m = m->next) {
		nc_config_input member = { in->load, in->key, in->name, m };
		int second = !strcmp(m->key, p->fields[1]);

		if (!second && strcmp(m->key, p->fields[0]) != 0)
			nc_config_bad(&member, NULL, "belongs to \"%.40s\": an entry has %s and %s",
				m->key, p->fields[0], p->fields[1]);
		else if (m->kind != NC_YAML_SCALAR)
			nc_config_bad(&member, NULL, "of %s is not a word", m->key);
		else {
			p->node[second] = m;
			continue;
		}
		return NC_E_INVAL;
	}
	if (p->node[0])
		return NC_OK;
	nc_config_bad(in, NULL, "has no %s", p->fields[0]);
	return NC_E_INVAL;
}

static nc_code read_pair(const nc_config_input *in, pair *p)
{
	if (in->node->kind == NC_YAML_SCALAR)
		return pair_from_text(in, p);
	if (in->node->kind == NC_YAML_MAP)
		return pair_from_map(in, p);
	nc_config_bad(
		in, NULL, "is neither a word nor a map of %s and %s", p->fields[0], p->fields[1]);
	return NC_E_INVAL;
}

static nc_code read_plugin(const nc_config_input *in, nc_config_plugin *ret)
{
	pair p = { .fields = { "id", "isolation" } };
	nc_code code = read_pair(in, &p);
	uint32_t isolation = NC_CONFIG_PROCESS;

	if (code)
		return code;
	nc_config_input id = { in->load, in->key, in->name, p.node[0] };
	if (!nc_config_is_word(id.node->text, 128))
		return nc_config_bad(
			&id, "ids are lower case: sim, com.acme.kvm", "is not a plugin id");
	if (p.node[1]) {
		nc_config_input how = { in->load, in->key, in->name, p.node[1] };
		code = nc_config_read_choice(&how, isolations, &isolation);
		if (code)
			return code;
	}
	ret->id = nc_arena_strdup(in->load->snap->arena, id.node->text);
	ret->isolation = (nc_config_isolation)isolation;
	return ret->id ? NC_OK : NC_E_NOMEM;
}

nc_code nc_config_read_plugins(const nc_config_input *in, void *slot)
{
	nc_config_plugin *v =
		nc_arena_new_array(in->load->snap->arena, nc_config_plugin, in->node->n + 1);
	nc_code code = check_count(in);
	size_t n = 0;

	if (code)
		return code;
	if (!v)
		return NC_E_NOMEM;
	for (const nc_yaml_node *item = in->node->first; item; item = item->next, n++) {
		char name[NAME_MAX_LEN];
		nc_config_input one = element_of(in, item, n, name);
		code = read_plugin(&one, &v[n]);
		if (code)
			return code;
		for (size_t i = 0; i < n; i++) {
			if (!strcmp(v[i].id, v[n].id))
				return nc_config_bad(&one, "keep one of the two entries",
					"names a plugin that %s[%zu] names", in->name, i);
		}
	}
	*(nc_config_plugins *)slot = (nc_config_plugins){ v, n };
	return NC_OK;
}

static nc_code read_uid(const nc_config_input *in, nc_config_uid *ret)
{
	pair p = { .fields = { "uid", "role" } };
	nc_code code = read_pair(in, &p);
	uint32_t role = 0;
	int64_t uid;

	if (code)
		return code;
	if (!p.node[1])
		return nc_config_bad(in, "write it as 1000:operator", "gives no role");
	nc_config_input who = { in->load, in->key, in->name, p.node[0] };
	if (nc_config_parse_int(who.node->text, &uid) || uid < 0 || uid >= UINT32_MAX)
		return nc_config_bad(
			&who, "`id -u NAME` tells a user's number", "is not a user number");
	nc_config_input what = { in->load, in->key, in->name, p.node[1] };
	code = nc_config_read_choice(&what, roles, &role);
	if (code)
		return code;
	*ret = (nc_config_uid){ (uint32_t)uid, (nc_config_role)role };
	return NC_OK;
}

nc_code nc_config_read_uids(const nc_config_input *in, void *slot)
{
	nc_config_uid *v =
		nc_arena_new_array(in->load->snap->arena, nc_config_uid, in->node->n + 1);
	nc_code code = check_count(in);
	size_t n = 0;

	if (code)
		return code;
	if (!v)
		return NC_E_NOMEM;
	for (const nc_yaml_node *item = in->node->first; item; item = item->next, n++) {
		char name[NAME_MAX_LEN];
		nc_config_input one = element_of(in, item, n, name);
		code = read_uid(&one, &v[n]);
		if (code)
			return code;
		for (size_t i = 0; i < n; i++) {
			if (v[i].uid == v[n].uid)
				return nc_config_bad(&one, "keep one of the two entries",
					"names a user that %s[%zu] names", in->name, i);
		}
	}
	*(nc_config_uids *)slot = (nc_config_uids){ v, n };
	return NC_OK;
}

/* A number as JSON writes it: -?(0|[1-9]digits)(.digits)?; no exponents, which nobody types. */
static bool is_json_number(const char *s)
{
	s += *s == '-';
	if (*s < '0' || *s > '9' || (s[0] == '0' && s[1] && s[1] != '.'))
		return false;
	s += strspn(s, "0123456789");
	if (*s == '.') {
		size_t n = strspn(s + 1, "0123456789");
		if (!n)
			return false;
		s += 1 + n;
	}
	return !*s;
}

static void write_scalar(nc_jw *w, const nc_yaml_node *n)
{
	if (nc_yaml_is_null(n))
		nc_jw_null(w);
	else if (n->is_plain && (!strcmp(n->text, "true") || !strcmp(n->text, "false")))
		nc_jw_bool(w, n->text[0] == 't');
	else if (n->is_plain && strlen(n->text) < 32 && is_json_number(n->text))
		nc_jw_raw(w, n->text, strlen(n->text));
	else
		nc_jw_str(w, n->text);
}

/* Depth is bounded by the parser, so the stack is, too. */
static void write_map(nc_jw *w, const nc_yaml_node *root)
{
	const nc_yaml_node *at[NC_CONFIG_YAML_DEPTH + 1];
	const nc_yaml_node *owner[NC_CONFIG_YAML_DEPTH + 1];
	size_t depth = 0;

	at[0] = root->first;
	owner[0] = root;
	nc_jw_obj(w);
	for (;;) {
		const nc_yaml_node *n = at[depth];
		if (!n) {
			if (owner[depth]->kind == NC_YAML_MAP)
				nc_jw_obj_end(w);
			else
				nc_jw_arr_end(w);
			if (!depth--)
				return;
			continue;
		}
		at[depth] = n->next;
		if (n->key)
			nc_jw_key(w, n->key);
		if (n->kind == NC_YAML_SCALAR) {
			write_scalar(w, n);
			continue;
		}
		if (n->kind == NC_YAML_MAP)
			nc_jw_obj(w);
		else
			nc_jw_arr(w);
		owner[++depth] = n;
		at[depth] = n->first;
	}
}

nc_code nc_config_read_map(const nc_config_input *in, void *slot)
{
	_cleanup_(nc_buf_done) nc_buf json;
	nc_code code = check_count(in);
	nc_jw w;
	char *copy;

	nc_buf_init(&json, MAP_JSON_MAX);
	if (code)
		return code;
	nc_jw_init(&w, &json);
	write_map(&w, in->node);
	if (json.error == NC_E_NOMEM)
		return NC_E_NOMEM;
	if (nc_buf_failed(&json))
		return nc_config_bad(in, NULL, "is larger than %zu bytes", MAP_JSON_MAX);
	copy = nc_arena_strndup(in->load->snap->arena, json.ptr, json.len);
	if (!copy)
		return NC_E_NOMEM;
	memcpy(slot, &copy, sizeof(copy));
	return NC_OK;
}
