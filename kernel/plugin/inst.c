/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/inst.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/wait.h"
#include "novacron/store.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"
#include "plugin/schema.h"

/*
 * Opening, finding and asking an instance. References are counted under inst_lock; the last one hands
 * the closing to the service pool, since it may be given up in a callback, where nobody may wait.
 */

#define CREATE_TIMEOUT_US (INT64_C(30) * 1000000)

/* ---- references ---- */

nc_pinst *nc_pinst_ref(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	inst->refs++;
	pthread_mutex_unlock(&inst->inst_lock);
	return inst;
}

static void free_inst(nc_pinst *inst)
{
	nc_pinst_drop_secrets(inst);
	nc_inst_health_done(&inst->health);
	nc_store_door_free(inst->door);
	json_decref(inst->config);
	nc_map_free(inst->targets);
	pthread_cond_destroy(&inst->has_changed);
	pthread_mutex_destroy(&inst->inst_lock);
	nc_free(inst);
}

void nc_pinst_unref(nc_pinst *inst)
{
	if (!inst)
		return;
	pthread_mutex_lock(&inst->inst_lock);
	int is_last = --inst->refs == 0, is_open = inst->is_open;
	if (is_last && is_open)
		inst->refs = 1; /* the closer's */
	pthread_mutex_unlock(&inst->inst_lock);
	if (!is_last)
		return;
	if (is_open)
		nc_plugins_close_soon(inst);
	else
		free_inst(inst);
}

/* ---- making ---- */

static int is_valid_name(const char *s)
{
	size_t n = s ? strlen(s) : 0;
	if (n == 0 || n > 63 || !isalnum((unsigned char)s[0]))
		return 0;
	for (; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '.' &&
			*s != '_' && *s != '-')
			return 0;
	return 1;
}

static uint32_t lower_of(uint32_t wanted, uint32_t allowed)
{
	return wanted ? NC_MIN(wanted, allowed) : allowed;
}

static nc_code make(
	nc_plugins *p, nc_found *f, const nc_pinst_spec *spec, nc_pinst **ret, nc_error *err)
{
	nc_pinst *inst = nc_calloc(1, sizeof(*inst));
	nc_map *targets = nc_map_new();
	if (!inst || !targets) {
		nc_free(inst);
		nc_map_free(targets);
		return nc_err_nomem(err);
	}
	inst->p = p;
	inst->found = f;
	inst->targets = targets;
	inst->refs = 1;
	inst->state = NC_PINST_OPENING;
	snprintf(inst->why, sizeof(inst->why), "it is being opened");
	snprintf(inst->name, sizeof(inst->name), "%s", spec->name);
	inst->max_concurrency = lower_of(spec->max_concurrency, f->manifest->max_concurrency);
	inst->max_per_target = lower_of(spec->max_per_target, f->manifest->max_per_target);
	inst->create_timeout_us =
		spec->create_timeout_us ? spec->create_timeout_us : CREATE_TIMEOUT_US;
	inst->grace_us = p->grace_us;
	pthread_mutex_init(&inst->inst_lock, NULL);
	nc_cond_init(&inst->has_changed);
	nc_list_init(&inst->live);
	nc_list_init(&inst->ready);
	nc_list_init(&inst->found_link);
	*ret = inst;
	return NC_OK;
}

/* Under the loader's lock. An exclusive plugin can't bear a former instance beside the new one, and
 * code in this process can't be taken away. */
static nc_code refuse_beside(const nc_pinst *inst, nc_error *err)
{
	if (!inst->found->left_behind || !nc_map_get(inst->found->left_behind, nc_str(inst->name)))
		return NC_OK;
	nc_err(err, NC_E_UNAVAILABLE,
		"the former instance %s did not end, and plugin %s is exclusive: there can't be "
		"another beside it",
		inst->name, inst->found->id);
	return nc_err_hint(err, NC_E_UNAVAILABLE,
		"restart the daemon; in a process of its own the plugin could have been ended");
}

/* Into the loader's lists, under a name nobody has. */
static nc_code enlist(nc_pinst *inst, nc_error *err)
{
	nc_plugins *p = inst->p;
	nc_code rc = NC_OK;
	pthread_mutex_lock(&p->lock);
	if (p->is_ending || inst->found->is_stopping)
		rc = nc_err(err, NC_E_UNAVAILABLE, "plugin %s is being stopped", inst->found->id);
	else if (nc_map_get(p->instances, nc_str(inst->name)))
		rc = nc_err(err, NC_E_EXISTS, "there is an instance %s already", inst->name);
	else if ((rc = refuse_beside(inst, err)) != NC_OK)
		; /* told */
	else if (nc_map_put(p->instances, nc_str(inst->name), inst, NULL) != NC_OK)
		rc = nc_err_nomem(err);
	else
		nc_list_add_tail(&inst->found->insts, &inst->found_link);
	inst->is_listed = rc == NC_OK;
	pthread_mutex_unlock(&p->lock);
	return rc;
}

void nc_pinst_delist(nc_pinst *inst)
{
	nc_plugins *p = inst->p;
	pthread_mutex_lock(&p->lock);
	if (inst->is_listed) {
		nc_map_del(p->instances, nc_str(inst->name));
		nc_list_del(&inst->found_link);
		inst->is_listed = 0;
		pthread_cond_broadcast(&p->has_changed);
	}
	pthread_mutex_unlock(&p->lock);
}

nc_code nc_pinst_learn_verbs(nc_pinst *inst, nc_bytes names)
{
	uint64_t serves[NC_LEN(inst->serves)] = { 0 };
	char name[64];
	const char *p = names.ptr, *end = p + names.len;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);
		if (n > 0 && n < sizeof(name)) {
			memcpy(name, p, n);
			name[n] = 0;
			const nc_verb *v = nc_verb_find(name);
			/* A process can claim what it likes: the manifest decides. */
			if (v && nc_manifest_provides(inst->found->manifest, v->ext))
				serves[v->number / 64] |= UINT64_C(1) << (v->number % 64);
		}
		p += n + 1;
	}
	pthread_mutex_lock(&inst->inst_lock);
	memcpy(inst->serves, serves, sizeof(serves));
	pthread_mutex_unlock(&inst->inst_lock);
	return NC_OK;
}

void nc_pinst_set_state(nc_pinst *inst, nc_pinst_state state, const char *why)
{
	pthread_mutex_lock(&inst->inst_lock);
	if (inst->state != NC_PINST_CLOSED)
		inst->state = state;
	snprintf(inst->why, sizeof(inst->why), "%s", why);
	pthread_cond_broadcast(&inst->has_changed);
	pthread_mutex_unlock(&inst->inst_lock);
}

/* The plugin's create, under a crash sentinel where a crash would be ours. */
static nc_code create(nc_pinst *inst, nc_error *err)
{
	nc_found *f = inst->found;
	int is_local = f->isolation == NC_ISO_IN_PROCESS;
	_cleanup_(nc_buf_done) nc_buf verbs;
	nc_buf_init(&verbs, 64 << 10);
	char *text = nc_json_dump(inst->config, JSON_COMPACT);
	if (!text)
		return nc_err_nomem(err);
	nc_code rc = is_local ? nc_sentinel_arm(f, "create", err) : NC_OK;
	if (rc == NC_OK) {
		rc = nc_pinst_life(
			inst, &nc_life_create, nc_str(text), inst->create_timeout_us, &verbs, err);
		if (is_local)
			nc_sentinel_disarm(f, "create");
	}
	nc_free(text);
	if (rc == NC_E_TIMEOUT)
		nc_found_strike(f, inst->name, NC_P0_CONTRACT, "create did not come back");
	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "instance %s of plugin %s", inst->name, f->id);
	return nc_pinst_learn_verbs(inst, nc_buf_bytes(&verbs));
}

static nc_code open_made(nc_pinst *inst, nc_bytes config, nc_error *err)
{
	nc_code rc = nc_pinst_prepare_config(inst, config, &inst->config, err);
	if (rc != NC_OK || (rc = enlist(inst, err)) != NC_OK)
		return rc;
	rc = inst->found->isolation == NC_ISO_IN_PROCESS ? nc_local_open(inst, err)
							 : nc_remote_open(inst, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&inst->inst_lock);
	inst->is_open = 1;
	pthread_mutex_unlock(&inst->inst_lock);
	if ((rc = create(inst, err)) != NC_OK)
		return rc;
	pthread_mutex_lock(&inst->inst_lock);
	if (inst->state == NC_PINST_OPENING) { /* else its process died just now, and comes back */
		inst->state = NC_PINST_ACTIVE;
		inst->why[0] = '\0';
	}
	pthread_mutex_unlock(&inst->inst_lock);
	nc_ask_health_soon(inst->p);
	return NC_OK;
}

nc_code nc_pinst_open(nc_plugins *p, const nc_pinst_spec *spec, nc_pinst **ret, nc_error *err)
{
	nc_pinst *inst = NULL;
	if (!is_valid_name(spec->name))
		return nc_err(err, NC_E_INVAL,
			"instance name \"%.64s\": lower case letters, digits, '.', '_', '-', 63 at "
			"most",
			spec->name ? spec->name : "");
	nc_code rc = nc_plugins_load(p, spec->plugin, err);
	if (rc != NC_OK)
		return rc;
	nc_found *f = nc_found_get(p, spec->plugin);
	if ((rc = make(p, f, spec, &inst, err)) != NC_OK)
		return rc;
	rc = open_made(inst, spec->config, err);
	if (rc != NC_OK) {
		nc_pinst_close(inst, 0);
		nc_pinst_unref(inst);
		return rc;
	}
	nc_log(L_INFO, "plugin.instance.open", F_STR("plugin", f->id),
		F_STR("instance", inst->name));
	*ret = inst;
	return NC_OK;
}

/* ---- questions ---- */

const char *nc_pinst_name(const nc_pinst *inst)
{
	return inst->name;
}

const char *nc_pinst_plugin_version(const nc_pinst *inst)
{
	return inst->found->manifest->version;
}

const char *nc_pinst_capability(const nc_pinst *inst, size_t i)
{
	const nc_manifest *m = inst->found->manifest;
	size_t n = json_array_size(m->provides);

	return json_string_value(
		i < n ? json_array_get(m->provides, i) : json_array_get(m->features, i - n));
}

const char *nc_pinst_plugin_id(const nc_pinst *inst)
{
	return inst->found->id;
}

nc_pinst_state nc_pinst_get_state(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	nc_pinst_state state = inst->state;
	pthread_mutex_unlock(&inst->inst_lock);
	return state;
}

const char *nc_pinst_state_name(nc_pinst_state state)
{
	static const char *const names[] = { "opening", "active", "lost", "failed", "closed" };
	return (size_t)state < NC_LEN(names) ? names[state] : "unknown";
}

static int serves(nc_pinst *inst, const nc_verb *v)
{
	pthread_mutex_lock(&inst->inst_lock);
	int does = (inst->serves[v->number / 64] >> (v->number % 64)) & 1;
	pthread_mutex_unlock(&inst->inst_lock);
	return does;
}

int nc_pinst_can(nc_pinst *inst, const char *verb)
{
	const nc_verb *v = nc_verb_find(verb);
	return v && serves(inst, v);
}

nc_code nc_pinst_require(nc_pinst *inst, const char *verb, nc_error *err)
{
	const nc_verb *v = nc_verb_find(verb);
	if (v && serves(inst, v))
		return NC_OK;
	nc_err(err, NC_E_UNSUPPORTED, "plugin %s does not serve %s", inst->found->id,
		verb ? verb : "(null)");
	return nc_err_hint(err, NC_E_UNSUPPORTED,
		v ? "use a provider whose plugin offers %s" : "there is no such verb: %s",
		v      ? v->ext
		: verb ? verb
		       : "(null)");
}

int nc_pinst_has_feature(nc_pinst *inst, const char *feature)
{
	return nc_manifest_has_feature(inst->found->manifest, feature);
}

nc_code nc_pinst_require_feature(nc_pinst *inst, const char *feature, nc_error *err)
{
	if (nc_pinst_has_feature(inst, feature))
		return NC_OK;
	nc_err(err, NC_E_UNSUPPORTED, "plugin %s does not offer %s", inst->found->id, feature);
	return nc_err_hint(err, NC_E_UNSUPPORTED,
		"leave the field out, or use a provider whose plugin offers it");
}
