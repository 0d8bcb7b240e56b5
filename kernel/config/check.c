/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a load, when every key has its value: ${…} in paths is filled in, what depends on
 * the machine is found, keys that must fit each other are compared, and warnings are given. Keys
 * compared here share a reload class (config/schema.c says why).
 */
#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/load_internal.h"

#define REACTORS_MAX_AUTO 8

static nc_config_at at_key(const nc_config_loading *l, const char *key)
{
	const nc_config_key *k = nc_config_key_find(key);
	size_t n;
	const nc_config_place *p = &l->snap->place[k - nc_config_keys(&n)];

	nc_assert(k);
	return (nc_config_at){ .source = p->source ? p->source : "default",
		.line = p->line,
		.column = p->column,
		.key = key };
}

static const struct {
	const char *name;
	size_t offset;
} roots[] = { { "${system.data_dir}", offsetof(nc_config, system.data_dir) },
	{ "${system.run_dir}", offsetof(nc_config, system.run_dir) } };

/* NULL = no memory. */
static const char *expand(nc_config_loading *l, const char *path)
{
	for (size_t i = 0; i < NC_LEN(roots); i++) {
		size_t n = strlen(roots[i].name);
		const char *root =
			*(const char *const *)(const void *)((const char *)&l->snap->pub +
							     roots[i].offset);
		if (!strncmp(path, roots[i].name, n))
			return nc_arena_printf(l->snap->arena, "%s%s", root, path + n);
	}
	return path;
}

static nc_code expand_list(nc_config_loading *l, nc_config_list *list)
{
	const char **v = nc_arena_new_array(l->snap->arena, const char *, list->n + 1);

	if (!v)
		return NC_E_NOMEM;
	for (size_t i = 0; i < list->n; i++) {
		v[i] = expand(l, list->v[i]);
		if (!v[i])
			return NC_E_NOMEM;
	}
	list->v = v;
	return NC_OK;
}

static nc_code expand_paths(nc_config_loading *l)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		void *slot = nc_config_slot(&l->snap->pub, &keys[i]);
		const char *path;
		if (keys[i].type == NC_CONFIG_T_PATHS && expand_list(l, slot))
			return NC_E_NOMEM;
		if (keys[i].type != NC_CONFIG_T_PATH)
			continue;
		path = expand(l, *(const char *const *)slot);
		if (!path)
			return NC_E_NOMEM;
		memcpy(slot, &path, sizeof(path));
	}
	return NC_OK;
}

/* An empty node_id is the host's name, made to fit. */
static nc_code derive_node_id(nc_config_loading *l)
{
	nc_config *c = &l->snap->pub;
	char name[64] = "";

	if (c->system.node_id[0])
		return NC_OK;
	if (gethostname(name, sizeof(name)) || !name[0])
		snprintf(name, sizeof(name), "novacron");
	name[sizeof(name) - 1] = '\0';
	for (char *p = name; *p; p++) {
		*p = (char)tolower((unsigned char)*p);
		if (!isalnum((unsigned char)*p) && *p != '.' && *p != '_')
			*p = '-';
	}
	if (!isalnum((unsigned char)name[0]))
		name[0] = 'n';
	c->system.node_id = nc_arena_strdup(l->snap->arena, name);
	return c->system.node_id ? NC_OK : NC_E_NOMEM;
}

/* SQLite's connection string is a folder; empty, one of its own. */
static nc_code derive_store_folder(nc_config_loading *l)
{
	nc_config *c = &l->snap->pub;
	nc_config_at at = at_key(l, "database.connection_string");

	if (c->database.driver != NC_CONFIG_SQLITE)
		return NC_OK;
	c->database.connection_string =
		c->database.connection_string[0]
			? expand(l, c->database.connection_string)
			: nc_arena_printf(l->snap->arena, "%s/store", c->system.data_dir);
	if (!c->database.connection_string)
		return NC_E_NOMEM;
	if (c->database.connection_string[0] != '/')
		nc_config_fault(l->report, &at, "give a folder, or leave it empty",
			"for sqlite it must be an absolute path");
	return NC_OK;
}

static void derive_reactors(nc_config *c)
{
	cpu_set_t set;
	int n = 1;

	if (c->server.reactors)
		return;
	if (!sched_getaffinity(0, sizeof(set), &set))
		n = CPU_COUNT(&set);
	c->server.reactors = NC_MAX(1, NC_MIN(n, REACTORS_MAX_AUTO));
}

static void check_node_id(nc_config_loading *l)
{
	nc_config_at at = at_key(l, "system.node_id");
	const char *id = l->snap->pub.system.node_id;
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	at.value = id;
	if (id[n] || !isalnum((unsigned char)id[0]))
		nc_config_fault(l->report, &at, "start with a letter or digit",
			"\"%s\" holds more than letters, digits, '.', '_' and '-'", id);
}

static void check_socket(nc_config_loading *l)
{
	nc_config_at at = at_key(l, "server.socket_path");
	size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

	at.value = l->snap->pub.server.socket_path;
	if (strlen(at.value) > max)
		nc_config_fault(l->report, &at, "choose a shorter folder for system.run_dir",
			"the path has %zu bytes, a socket's may have %zu", strlen(at.value), max);
}

/* libltdl, which walks them, reads the list as one text. */
static void check_plugin_path(nc_config_loading *l)
{
	nc_config_at at = at_key(l, "plugins.path");
	const nc_config_list *path = &l->snap->pub.plugins.path;

	for (size_t i = 0; i < path->n; i++) {
		at.value = path->v[i];
		if (strchr(at.value, ':'))
			nc_config_fault(l->report, &at, "choose a folder without one",
				"\"%.200s\" holds a ':', which would end its name", at.value);
	}
}

static void check_ports(nc_config_loading *l)
{
	const nc_config *c = &l->snap->pub;
	const struct {
		const char *key;
		int64_t port;
	} ports[] = { { "server.api_port", c->server.api_port },
		{ "server.ws_port", c->server.ws_port }, { "metrics.port", c->metrics.port } };

	for (size_t i = 0; i < NC_LEN(ports); i++) {
		for (size_t j = 0; j < i; j++) {
			nc_config_at at = at_key(l, ports[i].key);
			if (ports[i].port && ports[i].port == ports[j].port)
				nc_config_fault(l->report, &at, "give each its own port",
					"port %d is also %s", (int)ports[i].port, ports[j].key);
		}
	}
}

/* The fault stands at the key that somebody set. */
static void check_streams(nc_config_loading *l)
{
	const nc_config *c = &l->snap->pub;
	nc_config_at min = at_key(l, "dwcp.transport.min_streams");
	nc_config_at max = at_key(l, "dwcp.transport.max_streams");

	if (c->dwcp.min_streams <= c->dwcp.max_streams)
		return;
	if (strcmp(min.source, "default") != 0)
		nc_config_fault(l->report, &min, "make it at most dwcp.transport.max_streams",
			"%d is above dwcp.transport.max_streams, which is %d",
			(int)c->dwcp.min_streams, (int)c->dwcp.max_streams);
	else
		nc_config_fault(l->report, &max, "make it at least dwcp.transport.min_streams",
			"%d is below dwcp.transport.min_streams, which is %d",
			(int)c->dwcp.max_streams, (int)c->dwcp.min_streams);
}

/* A key outlives its operation only to have the request done a second time. */
static void check_retention(nc_config_loading *l)
{
	const nc_config *c = &l->snap->pub;
	nc_config_at ttl = at_key(l, "ops.idempotency_ttl");
	nc_config_at kept = at_key(l, "store.operation_retention");

	if (c->ops.idempotency_ttl_us <= c->store.operation_retention_us)
		return;
	if (strcmp(ttl.source, "default") != 0)
		nc_config_fault(l->report, &ttl, "make it at most store.operation_retention",
			"a key would be remembered after its operation is forgotten");
	else
		nc_config_fault(l->report, &kept, "make it at least ops.idempotency_ttl",
			"operations would be forgotten before their Idempotency-Key");
}

static void check_driver(nc_config_loading *l)
{
	nc_config_at at = at_key(l, "database.driver");
	nc_config_driver driver = l->snap->pub.database.driver;

	if (driver == NC_CONFIG_SQLITE)
		return;
	at.code = NC_E_UNSUPPORTED;
	at.value = nc_config_key_find("database.driver")->choices[driver];
	nc_config_fault(l->report, &at, "use sqlite", "the %s store is still to come", at.value);
}

static void warn_unsafe(nc_config_loading *l)
{
	nc_config_at at = at_key(l, "database.durability");

	if (l->snap->pub.database.durability == NC_CONFIG_UNSAFE)
		nc_config_warn(l->report, &at, "set it to full, unless this is a test",
			"a power cut may lose changes that were acknowledged");
}

static void warn_later(nc_config_loading *l, const nc_config *defaults)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		nc_config_at at = at_key(l, keys[i].key);
		if (!keys[i].later || nc_config_value_is_equal(&keys[i], defaults, &l->snap->pub))
			continue;
		nc_config_warn(
			l->report, &at, NULL, "checked now, in force when %s comes", keys[i].later);
	}
}

nc_code nc_config_finish(nc_config_loading *l, const nc_config *defaults)
{
	/* Before anything is derived, so that like is compared with like. */
	warn_later(l, defaults);
	warn_unsafe(l);
	if (expand_paths(l) || derive_node_id(l) || derive_store_folder(l))
		return NC_E_NOMEM;
	derive_reactors(&l->snap->pub);
	check_node_id(l);
	check_socket(l);
	check_plugin_path(l);
	check_ports(l);
	check_streams(l);
	check_retention(l);
	check_driver(l);
	return NC_OK;
}
