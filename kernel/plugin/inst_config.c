/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/json.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"
#include "plugin/schema.h"

/*
 * The configuration of an instance from text to what the plugin gets, its change while open, and the
 * plugin's own health. A configuration is owned by the instance and read under inst_lock.
 */

#define CONFIG_MAX (256u << 10)

/* Parse, validate, fill in defaults, and put secrets away. */
nc_code nc_pinst_prepare_config(nc_pinst *inst, nc_bytes text, json_t **ret, nc_error *err)
{
	const json_t *schema = inst->found->schema;
	char what[160];
	json_t *doc = NULL;
	snprintf(what, sizeof(what), "configuration of %s", inst->name);
	if (text.len == 0)
		text = nc_str("{}");
	nc_code rc = nc_json_parse(text, CONFIG_MAX, &doc, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, rc, "%s", what);
	rc = schema ? nc_schema_fill(schema, doc, err) : NC_OK;
	if (rc == NC_OK && schema)
		rc = nc_schema_require(schema, doc, what, err);
	if (rc == NC_OK && schema)
		rc = nc_pinst_seal_config(inst, schema, doc, err);
	if (rc == NC_OK)
		*ret = doc;
	else
		json_decref(doc);
	return rc;
}

nc_code nc_pinst_health(nc_pinst *inst, int64_t timeout_us, nc_buf *out, nc_error *err)
{
	pthread_mutex_lock(&inst->inst_lock);
	int is_active = inst->state == NC_PINST_ACTIVE && !inst->is_closing;
	pthread_mutex_unlock(&inst->inst_lock);
	if (!is_active)
		return nc_err(err, NC_E_UNAVAILABLE, "instance %s is not active", inst->name);
	return nc_pinst_life(inst, &nc_life_health, (nc_bytes){ NULL, 0 }, timeout_us, out, err);
}

static nc_code not_active(const nc_pinst *inst, nc_error *err)
{
	nc_err(err, NC_E_UNAVAILABLE, "instance %s is not active", inst->name);
	if (err)
		err->flags |= NC_ERR_RETRYABLE;
	return NC_E_UNAVAILABLE;
}

/* Changes are made one after the other. The configuration in force is the caller's to decref. */
static json_t *begin_change(nc_pinst *inst, uint64_t *ret_n_created)
{
	pthread_mutex_lock(&inst->inst_lock);
	while (inst->is_changing)
		pthread_cond_wait(&inst->has_changed, &inst->inst_lock);
	int is_active = inst->state == NC_PINST_ACTIVE && !inst->is_closing;
	inst->is_changing = is_active;
	json_t *before = is_active ? json_incref(inst->config) : NULL;
	*ret_n_created = inst->n_created;
	pthread_mutex_unlock(&inst->inst_lock);
	return before;
}

/* Takes over `config`; an instance made anew meanwhile was made with the former one. */
static nc_code end_change(
	nc_pinst *inst, nc_code rc, json_t *config, uint64_t n_created, nc_error *err)
{
	pthread_mutex_lock(&inst->inst_lock);
	int is_lost = rc == NC_OK && inst->n_created != n_created;
	json_t *old = rc == NC_OK && !is_lost ? inst->config : config;
	if (old != config)
		inst->config = config;
	inst->is_changing = 0;
	pthread_cond_broadcast(&inst->has_changed);
	pthread_mutex_unlock(&inst->inst_lock);
	json_decref(old);
	return is_lost ? not_active(inst, err) : rc;
}

static nc_code apply(nc_pinst *inst, json_t *before, json_t *config, nc_error *err)
{
	char names[200];
	const json_t *schema = inst->found->schema;
	size_t n =
		schema ? nc_schema_needs_recreate(schema, before, config, names, sizeof(names)) : 0;
	if (n > 0) {
		nc_err(err, NC_E_CONFLICT, "%s of instance %s can't be changed while it is open",
			names, inst->name);
		return nc_err_hint(err, NC_E_CONFLICT, "close the instance and open it anew");
	}
	if (json_equal(before, config))
		return NC_OK;
	char *text = nc_json_dump(config, JSON_COMPACT);
	if (!text)
		return nc_err_nomem(err);
	nc_code rc = nc_pinst_life(
		inst, &nc_life_reconfigure, nc_str(text), inst->create_timeout_us, NULL, err);
	nc_free(text);
	return rc;
}

nc_code nc_pinst_reconfigure(nc_pinst *inst, nc_bytes text, nc_error *err)
{
	json_t *config = NULL;
	uint64_t n_created;
	json_t *before = begin_change(inst, &n_created);
	if (!before)
		return not_active(inst, err);
	nc_code rc = nc_pinst_prepare_config(inst, text, &config, err);
	if (rc == NC_OK)
		rc = apply(inst, before, config, err);
	json_decref(before);
	return end_change(inst, rc, config, n_created, err);
}
