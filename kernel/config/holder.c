/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot in force and its replacement. Lives as long as the daemon. Readers come from any
 * thread and hold the lock for one increment; a reload builds the new world beside the old one
 * without the lock and swaps a pointer under it. On any fault the old one stays.
 */
#include "config/reload.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "config/load_internal.h"
#include "config/report.h"

struct nc_config_holder {
	char **files, **env; /* constant after new; both NULL-ended */
	size_t n_files;
	nc_config_user user;         /* the same, after serve */
	pthread_mutex_t reload_lock; /* taken first; one reload at a time */
	pthread_mutex_t current_lock;
	nc_config_snapshot *current; /* under current_lock */
};

static void free_texts(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		nc_free(list[i]);
	nc_free(list);
}

/* Those of n texts that start with prefix; NULL = no memory. */
static char **copy_texts(const char *const *list, size_t n, const char *prefix)
{
	char **copy = nc_calloc(n + 1, sizeof(*copy));
	size_t kept = 0;

	for (size_t i = 0; copy && i < n; i++) {
		if (strncmp(list[i], prefix, strlen(prefix)) != 0)
			continue;
		copy[kept] = nc_strdup(list[i]);
		if (copy[kept++])
			continue;
		free_texts(copy);
		return NULL;
	}
	return copy;
}

/* Names as seen from here, for a daemon that changes its folder. Links are left as they are: what
 * they point to may be swapped before a reload. */
static char **absolute_names(const char *const *files, size_t n)
{
	char **copy = copy_texts(files, n, "");
	char here[PATH_MAX];

	for (size_t i = 0; copy && i < n; i++) {
		char *name;
		if (copy[i][0] == '/' || !getcwd(here, sizeof(here)))
			continue;
		name = nc_asprintf("%s/%s", here, copy[i]);
		if (!name) {
			free_texts(copy);
			return NULL;
		}
		nc_free(copy[i]);
		copy[i] = name;
	}
	return copy;
}

nc_code nc_config_holder_new(const char *const *files, size_t n, const char *const *env,
	nc_config_holder **ret, nc_config_report *report, nc_error *err)
{
	_cleanup_(nc_config_holder_freep) nc_config_holder *h = nc_calloc(1, sizeof(*h));
	size_t n_env = 0;
	nc_code code;

	if (!h)
		return nc_err_nomem(err);
	pthread_mutex_init(&h->reload_lock, NULL);
	pthread_mutex_init(&h->current_lock, NULL);
	while (env && env[n_env])
		n_env++;
	h->n_files = n;
	h->files = absolute_names(files, n);
	h->env = copy_texts(env, n_env, "NOVACRON_");
	if (!h->files || !h->env)
		return nc_err_nomem(err);
	code = nc_config_load_snapshot((const char *const *)h->files, n,
		(const char *const *)h->env, &h->current, report, err);
	if (code)
		return code;
	*ret = nc_steal(&h);
	return NC_OK;
}

void nc_config_holder_free(nc_config_holder *h)
{
	if (!h)
		return;
	free_texts(h->files);
	free_texts(h->env);
	if (h->current)
		nc_config_snapshot_drop(h->current);
	pthread_mutex_destroy(&h->reload_lock);
	pthread_mutex_destroy(&h->current_lock);
	nc_free(h);
}

const nc_config *nc_config_holder_get(nc_config_holder *h)
{
	const nc_config *c;

	pthread_mutex_lock(&h->current_lock);
	c = nc_config_ref(&h->current->pub);
	pthread_mutex_unlock(&h->current_lock);
	return c;
}

/* What needs a restart stays as it is in force, place and all. */
static nc_code keep_restart_keys(nc_config_snapshot *next, const nc_config_snapshot *now)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		if (keys[i].reload != NC_CONFIG_NEEDS_RESTART ||
			nc_config_value_is_equal(&keys[i], &now->pub, &next->pub))
			continue;
		next->origin[i] = nc_arena_strdup(next->arena, now->origin[i]);
		if (!next->origin[i] || nc_config_value_copy(&keys[i], next, now))
			return NC_E_NOMEM;
	}
	return NC_OK;
}

void nc_config_holder_serve(nc_config_holder *h, const nc_config_user *user)
{
	h->user = *user;
}

/* A value that is right by itself and can't be had. */
static nc_code refuse(const nc_config_snapshot *next, const char *key, const nc_error *why,
	nc_config_report *report, nc_error *err)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);
	const nc_config_key *k = nc_config_key_find(key);
	const nc_config_place *place = &next->place[k - keys];
	nc_config_report own;

	if (!report)
		report = &own;
	report->n_faults = 0;
	nc_config_fault(report,
		&(nc_config_at){ .source = place->source,
			.line = place->line,
			.column = place->column,
			.key = key },
		why->hint, "%s", why->message);
	return nc_config_tell_faults(report, err);
}

static nc_code prepare(const nc_config_holder *h, const nc_config_snapshot *next,
	nc_config_report *report, nc_error *err)
{
	nc_error why = NC_ERROR_INIT;
	const char *key = NULL;

	if (!h->user.prepare ||
		h->user.prepare(h->user.ctx, &h->current->pub, &next->pub, &key, &why) == NC_OK)
		return NC_OK;
	return refuse(next, key, &why, report, err);
}

/* Under reload_lock, which keeps h->current from changing; others only read it. */
static nc_code reload(nc_config_holder *h, nc_config_change *out, size_t cap, size_t *ret_n,
	nc_config_report *report, nc_error *err)
{
	_cleanup_(nc_config_snapshot_dropp) nc_config_snapshot *next = NULL;
	nc_config_snapshot *now = h->current;
	nc_code code = nc_config_load_snapshot((const char *const *)h->files, h->n_files,
		(const char *const *)h->env, &next, report, err);
	size_t n;

	if (code)
		return code;
	n = nc_config_diff(&now->pub, &next->pub, out, cap);
	if (keep_restart_keys(next, now))
		return nc_err_nomem(err);
	if ((code = prepare(h, next, report, err)))
		return code;
	pthread_mutex_lock(&h->current_lock);
	h->current = nc_steal(&next);
	pthread_mutex_unlock(&h->current_lock);
	nc_config_snapshot_drop(now);
	if (h->user.apply)
		h->user.apply(h->user.ctx, &h->current->pub);
	if (ret_n)
		*ret_n = n;
	return NC_OK;
}

nc_code nc_config_holder_reload(nc_config_holder *h, nc_config_change *out, size_t cap,
	size_t *ret_n, nc_config_report *report, nc_error *err)
{
	nc_code code;

	if (pthread_mutex_trylock(&h->reload_lock))
		return nc_err(err, NC_E_BUSY, "a configuration reload is under way");
	code = reload(h, out, cap, ret_n, report, err);
	pthread_mutex_unlock(&h->reload_lock);
	return code;
}
