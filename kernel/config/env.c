/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NOVACRON_SECTION_KEY variables over the files, in table order, so that a load does not depend
 * on the order of the environment. An empty variable counts as not set. A variable that no key
 * answers to is a warning, not a fault: container platforms put their own there.
 */
#include "config/env.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "config/load.h"
#include "config/load_internal.h"

#define PREFIX "NOVACRON_"

/* Ours, but not keys: read by the CLI and the scripts. */
static const char *const others[] = { "NOVACRON_HOME", "NOVACRON_CONFIG", "NOVACRON_SOCKET",
	"NOVACRON_PROJECT", "NOVACRON_TOKEN", "NOVACRON_DEBUG" };
/* Set by Kubernetes for a service of our name. */
static const char *const foreign[] = { "NOVACRON_SERVICE_", "NOVACRON_PORT" };

/* The value of a variable, or NULL when it is not set or empty. */
static const char *lookup(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++) {
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return (*env)[n + 1] ? *env + n + 1 : NULL;
	}
	return NULL;
}

/* "a, b" as the list that a file would hold. */
static nc_code split_list(nc_arena *arena, const char *text, nc_yaml_node *list)
{
	while (*text) {
		size_t n = strcspn(text, ","), skip = strspn(text, " ");
		nc_yaml_node *item = nc_arena_alloc(arena, sizeof(*item));
		const char *from = text + NC_MIN(skip, n);
		size_t len = n - NC_MIN(skip, n);

		while (len && from[len - 1] == ' ')
			len--;
		if (!item)
			return NC_E_NOMEM;
		item->kind = NC_YAML_SCALAR;
		item->is_plain = true;
		item->text = nc_arena_strndup(arena, from, len);
		if (!item->text)
			return NC_E_NOMEM;
		if (list->last)
			list->last->next = item;
		else
			list->first = item;
		list->last = item;
		list->n++;
		text += n + (text[n] == ',');
	}
	list->kind = NC_YAML_SEQ;
	return NC_OK;
}

static bool is_scalar_type(nc_config_type t)
{
	return t != NC_CONFIG_T_PATHS && t != NC_CONFIG_T_PLUGINS && t != NC_CONFIG_T_UIDS &&
	       t != NC_CONFIG_T_MAP;
}

nc_code nc_config_text_apply(nc_config_loading *l, const nc_config_key *k, const char *text)
{
	nc_yaml_node *node = nc_arena_alloc(l->scratch, sizeof(*node));
	nc_code code = NC_OK;

	if (!node)
		return NC_E_NOMEM;
	node->text = text;
	node->is_plain = is_scalar_type(k->type) && text[0];
	if (!is_scalar_type(k->type) && (text[0] == '[' || text[0] == '{'))
		code = nc_config_yaml_parse(nc_str(text), l->source, l->scratch, l->report, &node);
	else if (!is_scalar_type(k->type) && k->type != NC_CONFIG_T_MAP)
		code = split_list(l->scratch, text, node);
	if (code == NC_E_NOMEM)
		return code;
	if (code || !node)
		return NC_OK;
	node->line = node->column = 0; /* a variable has no lines to name */
	return nc_config_apply(l, k, node);
}

static void warn_unknown(nc_config_loading *l, const char *name)
{
	nc_config_at at = { .source = name };
	const char *near = NULL;
	char hint[320] = "`novacron config generate` lists every key";
	char names[128][NC_CONFIG_ENV_MAX];
	const char *list[128];
	size_t n, n_list = 0;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n && n_list < NC_LEN(list); i++) {
		nc_config_key_env(&keys[i], names[n_list]);
		list[n_list] = names[n_list];
		n_list++;
	}
	near = nc_did_you_mean(name, list, n_list);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	nc_config_warn(l->report, &at, hint, "no key answers to this variable, ignoring it");
}

static bool is_known(const char *name)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);
	char env[NC_CONFIG_ENV_MAX];

	for (size_t i = 0; i < NC_LEN(others); i++) {
		if (!strcmp(name, others[i]))
			return true;
	}
	for (size_t i = 0; i < NC_LEN(foreign); i++) {
		if (!strncmp(name, foreign[i], strlen(foreign[i])))
			return true;
	}
	for (size_t i = 0; i < n; i++) {
		nc_config_key_env(&keys[i], env);
		if (!strcmp(name, env) || (keys[i].env && !strcmp(name, keys[i].env)))
			return true;
	}
	return false;
}

static nc_code check_names(nc_config_loading *l, const char *const *env)
{
	for (; *env; env++) {
		const char *eq = strchr(*env, '=');
		char *name;

		if (strncmp(*env, PREFIX, sizeof(PREFIX) - 1) != 0 || !eq || !eq[1])
			continue;
		name = nc_arena_strndup(l->scratch, *env, (size_t)(eq - *env));
		if (!name)
			return NC_E_NOMEM;
		if (!is_known(name))
			warn_unknown(l, name);
	}
	return NC_OK;
}

/* The long name wins over the short one. */
static nc_code apply_key(nc_config_loading *l, const nc_config_key *k, const char *const *env)
{
	char name[NC_CONFIG_ENV_MAX];
	const char *text, *source = name;

	nc_config_key_env(k, name);
	text = lookup(env, name);
	if (k->env && lookup(env, k->env)) {
		nc_config_at at = { .source = k->env, .key = k->key };
		if (text)
			nc_config_warn(l->report, &at, "take one of the two away",
				"%s is set too and wins, ignoring this one", name);
		else
			text = lookup(env, source = k->env);
	}
	if (!text)
		return NC_OK;
	/* The origin keeps the name for as long as the snapshot lives. */
	l->source = nc_arena_strdup(l->snap->arena, source);
	return l->source ? nc_config_text_apply(l, k, text) : NC_E_NOMEM;
}

nc_code nc_config_env_apply(nc_config_loading *l, const char *const *env)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);
	nc_code code = check_names(l, env);

	for (size_t i = 0; i < n && !code; i++)
		code = apply_key(l, &keys[i], env);
	return code;
}
