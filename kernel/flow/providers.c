/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which plugin instance serves which provider object, and with which configuration. Opening may take
 * seconds and is done without the lock, by the keeper or a call of the kernel's own; everybody else
 * only looks up. What is open is brought to what its object says whenever it is opened again: in
 * place where the plugin can, else by closing and opening. `table_lock` guards the map alone.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "flow/internal.h"
#include "flow/provider_secrets.h"
#include "flow/reports.h"

#define DRAIN_US  2000000
#define TRIES_MAX 20 /* at what is changed faster than it can be opened */

typedef struct opened { /* one provider's instance, and what it was made of */
	nc_pinst *inst; /* one reference */
	char *shown;    /* the configuration as its object has it */
	/* With its secrets, which the store may have no more: what a change that fails goes back to.
	 * The instance keeps them too, as long as it is open. */
	nc_secret *config;
	int64_t max_concurrency, max_per_target;
} opened;

struct nc_providers {
	nc_flow *flow;
	pthread_mutex_t table_lock;
	nc_map *open;    /* provider id → opened */
	nc_map *opening; /* ids being opened, each by one: two must not make the same instance */
	pthread_cond_t opened;
};

nc_code nc_providers_new(nc_flow *f, nc_providers **ret, nc_error *err)
{
	_cleanup_(nc_freep) nc_providers *p = nc_calloc(1, sizeof(*p));

	if (!p)
		return nc_err_nomem(err);
	p->flow = f;
	p->open = nc_map_new();
	p->opening = nc_map_new();
	if (!p->open || !p->opening) {
		nc_map_free(p->open);
		nc_map_free(p->opening);
		return nc_err_nomem(err);
	}
	pthread_mutex_init(&p->table_lock, NULL);
	pthread_cond_init(&p->opened, NULL);
	*ret = nc_steal(&p);
	return NC_OK;
}

static void opened_done(opened *o)
{
	nc_pinst_unref(o->inst);
	nc_free(o->shown);
	nc_secret_free(o->config);
}

static void opened_free(opened *o)
{
	if (o)
		opened_done(o);
	nc_free(o);
}
NC_DEFINE_CLEANUP(opened *, opened_free);

void nc_providers_free(nc_providers *p)
{
	size_t it = 0;
	nc_bytes key;
	void *o;

	if (!p)
		return;
	while (nc_map_next(p->open, &it, &key, &o)) {
		nc_pinst_close(((opened *)o)->inst, DRAIN_US);
		opened_free(o);
	}
	nc_map_free(p->open);
	nc_map_free(p->opening);
	pthread_mutex_destroy(&p->table_lock);
	pthread_cond_destroy(&p->opened);
	nc_free(p);
}

static nc_pinst *lookup(nc_providers *p, const char *id)
{
	pthread_mutex_lock(&p->table_lock);
	const opened *o = nc_map_get(p->open, nc_str(id));
	nc_pinst *inst = o ? nc_pinst_ref(o->inst) : NULL;
	pthread_mutex_unlock(&p->table_lock);
	return inst;
}

int nc_providers_id_of(nc_providers *p, const nc_pinst *inst, char out[NC_DB_ID_MAX + 1])
{
	int found = 0;
	size_t it = 0;
	nc_bytes id;
	void *o;

	pthread_mutex_lock(&p->table_lock);
	while (!found && nc_map_next(p->open, &it, &id, &o))
		found = ((opened *)o)->inst == inst && id.len <= NC_DB_ID_MAX;
	if (found)
		snprintf(out, NC_DB_ID_MAX + 1, "%.*s", (int)id.len, (const char *)id.ptr);
	pthread_mutex_unlock(&p->table_lock);
	return found;
}

nc_code nc_providers_get(nc_providers *p, const char *id, nc_pinst **ret, nc_error *err)
{
	nc_pinst *inst = id ? lookup(p, id) : NULL;

	if (!inst) {
		nc_err(err, NC_E_UNAVAILABLE, "provider %s is not open", id ? id : "(none)");
		if (err) {
			err->flags |= NC_ERR_RETRYABLE;
			err->retry_after_ms = 1000;
		}
		return nc_err_hint(err, NC_E_UNAVAILABLE,
			"look at: novacron provider show; its plugin may be down or quarantined");
	}
	*ret = inst;
	return NC_OK;
}

/* Plugins know instances by a name of letters and digits; ids have capitals. */
void nc_provider_instance_name(const char *id, char out[64])
{
	size_t i = 0;

	for (; id[i] && i < 63; i++)
		out[i] = (char)(id[i] >= 'A' && id[i] <= 'Z' ? id[i] + 32 : id[i]);
	out[i] = '\0';
}

/* What an instance is to be made of. */
typedef struct wanted {
	const nc_provider *obj;
	const char *shown; /* its configuration, arena */
	nc_secret *config; /* the same with its secrets; NULL until it is needed */
} wanted;

static nc_code open_instance(nc_providers *p, const nc_provider *obj, const nc_secret *config,
	nc_pinst **ret, nc_error *err)
{
	char name[64];
	nc_code rc = nc_plugins_load(p->flow->plugins, obj->plugin, err);

	if (rc != NC_OK)
		return rc;
	nc_provider_instance_name(obj->o.id, name);
	nc_pinst_spec spec = { .plugin = obj->plugin,
		.name = name,
		.config = nc_secret_get(config),
		.max_concurrency = (uint32_t)obj->max_concurrency,
		.max_per_target = (uint32_t)obj->max_per_target };
	return nc_pinst_open(p->flow->plugins, &spec, ret, err);
}

static nc_code begin_opening(nc_providers *p, const char *id, nc_error *err)
{
	pthread_mutex_lock(&p->table_lock);
	while (nc_map_get(p->opening, nc_str(id)))
		pthread_cond_wait(&p->opened, &p->table_lock);
	nc_code rc = nc_map_put(p->opening, nc_str(id), p, NULL);
	pthread_mutex_unlock(&p->table_lock);
	return rc == NC_OK ? NC_OK : nc_err_nomem(err);
}

static void end_opening(nc_providers *p, const char *id)
{
	pthread_mutex_lock(&p->table_lock);
	nc_map_del(p->opening, nc_str(id));
	pthread_cond_broadcast(&p->opened);
	pthread_mutex_unlock(&p->table_lock);
}

/* What an instance is made of, copied. */
static nc_code made_of(opened *o, const wanted *x, nc_error *err)
{
	o->shown = nc_strdup(x->shown);
	o->config = nc_secret_new(nc_secret_get(x->config));
	o->max_concurrency = x->obj->max_concurrency;
	o->max_per_target = x->obj->max_per_target;
	return o->shown && o->config ? NC_OK : nc_err_nomem(err);
}

/* Puts a fresh instance into the table. */
static nc_code open_as(nc_providers *p, const wanted *x, nc_error *err)
{
	_cleanup_(opened_freep) opened *o = nc_calloc(1, sizeof(*o));
	void *old = NULL;
	char name[64];
	nc_code rc = o ? made_of(o, x, err) : nc_err_nomem(err);

	nc_provider_instance_name(x->obj->o.id, name);
	nc_reports_forget(p->flow->reports, name);
	if (rc == NC_OK)
		rc = open_instance(p, x->obj, x->config, &o->inst, err);
	if (rc != NC_OK)
		return rc;
	pthread_mutex_lock(&p->table_lock);
	rc = nc_map_put(p->open, nc_str(x->obj->o.id), o, &old);
	pthread_mutex_unlock(&p->table_lock);
	if (rc != NC_OK) {
		nc_pinst_close(o->inst, 0);
		return nc_err_nomem(err);
	}
	nc_steal(&o); /* the table's */
	opened_free(old);
	return NC_OK;
}

/* What is in force now, copied without its secrets. */
static nc_code take_in_force(nc_providers *p, const char *id, opened *ret, nc_error *err)
{
	int is_nomem = 0;

	pthread_mutex_lock(&p->table_lock);
	const opened *o = nc_map_get(p->open, nc_str(id));
	if (o) {
		*ret = (opened){ .inst = nc_pinst_ref(o->inst),
			.shown = nc_strdup(o->shown),
			.max_concurrency = o->max_concurrency,
			.max_per_target = o->max_per_target };
		is_nomem = !ret->shown;
	}
	pthread_mutex_unlock(&p->table_lock);
	return is_nomem ? nc_err_nomem(err) : NC_OK;
}

/* NULL: it is not open, or there is no memory. */
static nc_secret *copy_config(nc_providers *p, const char *id)
{
	pthread_mutex_lock(&p->table_lock);
	const opened *o = nc_map_get(p->open, nc_str(id));
	nc_secret *copy = o ? nc_secret_new(nc_secret_get(o->config)) : NULL;
	pthread_mutex_unlock(&p->table_lock);
	return copy;
}

static int is_usable(nc_pinst *inst)
{
	return inst && nc_pinst_get_state(inst) != NC_PINST_FAILED &&
	       nc_pinst_get_state(inst) != NC_PINST_CLOSED;
}

static int has_limits_of(const opened *now, const nc_provider *obj)
{
	return now->max_concurrency == obj->max_concurrency &&
	       now->max_per_target == obj->max_per_target;
}

static void set_made_of(nc_providers *p, const char *id, opened *made)
{
	pthread_mutex_lock(&p->table_lock);
	opened *o = nc_map_get(p->open, nc_str(id));
	if (o) {
		opened was = *o;
		*o = *made;
		o->inst = was.inst;
		*made = was;
		made->inst = NULL;
	}
	pthread_mutex_unlock(&p->table_lock);
}

static nc_code reconfigure(nc_providers *p, const wanted *x, nc_pinst *inst, nc_error *err)
{
	_cleanup_(opened_done) opened made = { .inst = NULL };
	nc_code rc = made_of(&made, x, err);

	if (rc == NC_OK)
		rc = nc_pinst_reconfigure(inst, nc_secret_get(x->config), err);
	if (rc == NC_OK)
		set_made_of(p, x->obj->o.id, &made);
	return rc;
}

/*
 * Calls under way are told to detach and end unknown; their operations then ask the new instance what
 * became of them. A configuration that can't be opened leaves the former one in force.
 */
static nc_code reopen(nc_providers *p, const wanted *x, const opened *was, nc_error *err)
{
	_cleanup_(nc_secret_freep) nc_secret *config = copy_config(p, x->obj->o.id);
	nc_provider limits = *x->obj;
	wanted former = { .obj = &limits, .shown = was->shown, .config = config };
	nc_error again = NC_ERROR_INIT;

	if (!config)
		return nc_err_nomem(err);
	nc_providers_close(p, x->obj->o.id);
	nc_code rc = open_as(p, x, err);
	if (rc == NC_OK)
		return NC_OK;
	limits.max_concurrency = was->max_concurrency;
	limits.max_per_target = was->max_per_target;
	if (open_as(p, &former, &again) != NC_OK)
		nc_log(L_ERROR, "provider.reopen.failed", F_STR("provider", x->obj->o.name),
			F_ERR(&again), F_STR("consequence", "it is not open"));
	return rc;
}

static nc_code conform(
	nc_providers *p, const wanted *x, opened *now, nc_provider_applied *ret, nc_error *err)
{
	nc_error why = NC_ERROR_INIT;

	if (!is_usable(now->inst)) {
		nc_providers_close(p, x->obj->o.id);
		ret->how = NC_PROVIDER_OPENED;
		return open_as(p, x, err);
	}
	if (has_limits_of(now, x->obj)) {
		nc_code rc = reconfigure(p, x, now->inst, &why);
		if (rc == NC_OK) {
			ret->how = NC_PROVIDER_RECONFIGURED;
			return rc;
		}
		if (rc != NC_E_CONFLICT && rc != NC_E_UNSUPPORTED) {
			nc_err_copy(err, &why);
			return rc;
		}
	} else {
		nc_err(&why, NC_E_CONFLICT, "limits count from the opening on");
	}
	ret->how = NC_PROVIDER_REOPENED;
	snprintf(ret->why, sizeof(ret->why), "%.199s", why.message);
	return reopen(p, x, now, err);
}

static nc_code load(nc_providers *p, const char *id, nc_arena *a, wanted *ret, nc_error *err)
{
	nc_object *o = NULL;
	const nc_root *r = nc_db_read_begin(p->flow->db);
	nc_code rc = nc_model_get(r, &nc_kind_provider, id, a, &o, err);

	nc_db_read_end(p->flow->db);
	if (rc != NC_OK)
		return rc;
	const nc_provider *obj = NC_AS(nc_provider, o);
	*ret = (wanted){ .obj = obj,
		.shown = obj->config.len ? nc_arena_strndup(a, obj->config.ptr, obj->config.len)
					 : "{}" };
	return ret->shown ? NC_OK : nc_err_nomem(err);
}

/* Secrets are opened only where something is to be made of them. */
static nc_code conform_once(nc_providers *p, const char *id, nc_arena *a, nc_provider_applied *ret,
	int *ret_is_missing, nc_error *err)
{
	_cleanup_(opened_done) opened now = { .inst = NULL };
	wanted x = { .obj = NULL };
	nc_code rc = load(p, id, a, &x, err);

	if (rc == NC_OK)
		rc = take_in_force(p, id, &now, err);
	if (rc != NC_OK)
		return rc;
	if (is_usable(now.inst) && has_limits_of(&now, x.obj) && !strcmp(now.shown, x.shown))
		return NC_OK;
	rc = nc_provider_config_open(p->flow, x.obj, &x.config, err);
	*ret_is_missing = rc == NC_E_NOTFOUND;
	if (rc == NC_OK)
		rc = conform(p, &x, &now, ret, err);
	nc_secret_free(x.config);
	return rc;
}

/*
 * As it is now: whoever comes later must not bring back what was changed meanwhile. A value that is
 * not there was replaced after the object was read.
 */
static nc_code conform_to_now(
	nc_providers *p, const char *id, nc_provider_applied *ret, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(4u << 20);
	nc_error why = NC_ERROR_INIT;
	nc_code rc = NC_E_NOTFOUND;
	int is_missing = 1;

	if (!a)
		return nc_err_nomem(err);
	for (unsigned i = 0; is_missing && i < TRIES_MAX; i++) {
		is_missing = 0;
		nc_err_clear(&why);
		rc = conform_once(p, id, a, ret, &is_missing, &why);
	}
	if (rc != NC_OK)
		nc_err_copy(err, &why);
	return rc;
}

nc_code nc_providers_open(nc_providers *p, const char *id, nc_provider_applied *ret, nc_error *err)
{
	nc_provider_applied applied = { .how = NC_PROVIDER_SAME };

	nc_code rc = begin_opening(p, id, err);
	if (rc != NC_OK)
		return rc;
	rc = conform_to_now(p, id, &applied, err);
	end_opening(p, id);
	if (rc == NC_OK && ret)
		*ret = applied;
	return rc;
}

void nc_providers_close(nc_providers *p, const char *id)
{
	pthread_mutex_lock(&p->table_lock);
	opened *o = nc_map_del(p->open, nc_str(id));
	pthread_mutex_unlock(&p->table_lock);
	if (!o)
		return;
	nc_pinst_close(o->inst, DRAIN_US);
	opened_free(o);
}

int nc_providers_is_open(nc_providers *p, const char *id)
{
	_cleanup_(nc_pinst_unrefp) nc_pinst *inst = lookup(p, id);

	return is_usable(inst);
}

nc_health_state nc_providers_health(nc_providers *p, const char *id, char *why, size_t cap)
{
	_cleanup_(nc_pinst_unrefp) nc_pinst *inst = lookup(p, id);

	*why = '\0';
	return inst ? nc_pinst_get_health(inst, why, cap) : NC_HEALTH_UNKNOWN;
}

/* Some provider is not open: nobody can say yet what it has. */
static int is_one_unopened(nc_providers *p)
{
	const nc_root *r = nc_db_read_begin(p->flow->db);
	nc_walk w;
	int found = 0;

	nc_walk_init(
		&w, r, NC_KIND_PROVIDER, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 }, NC_ASCENDING);
	for (const nc_item *it; !found && (it = nc_walk_next(&w, NULL));)
		found = !nc_providers_is_open(p, nc_item_id(it));
	nc_db_read_end(p->flow->db);
	return found;
}

int nc_providers_have(void *ctx, const char *extension)
{
	nc_flow *f = ctx;
	nc_providers *p = f->providers;
	char verb[64];
	size_t it = 0;
	nc_bytes key;
	void *o;
	int has = 0;

	/* An extension is there when the first of its verbs is. */
	for (unsigned i = 0; i < nc_verb_count(); i++)
		if (!strcmp(nc_verb_at(i)->ext, extension)) {
			snprintf(verb, sizeof(verb), "%s", nc_verb_at(i)->name);
			pthread_mutex_lock(&p->table_lock);
			while (!has && nc_map_next(p->open, &it, &key, &o))
				has = nc_pinst_can(((opened *)o)->inst, verb);
			pthread_mutex_unlock(&p->table_lock);
			return !has && is_one_unopened(p) ? -1 : has;
		}
	return 0;
}
