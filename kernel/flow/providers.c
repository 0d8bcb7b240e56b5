/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which plugin instance serves which provider object. Opening may take seconds and is done without
 * the lock, by the keeper or a provider.open call; everybody else only looks up. `table_lock` guards
 * the map alone.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "flow/internal.h"

struct nc_providers {
	nc_flow *flow;
	pthread_mutex_t table_lock;
	nc_map *open;   /* provider id → nc_pinst, one reference each */
	int is_opening; /* one open at a time: two must not make the same instance */
	pthread_cond_t opened;
};

nc_code nc_providers_new(nc_flow *f, nc_providers **ret, nc_error *err)
{
	_cleanup_(nc_freep) nc_providers *p = nc_calloc(1, sizeof(*p));

	if (!p)
		return nc_err_nomem(err);
	p->flow = f;
	p->open = nc_map_new();
	if (!p->open)
		return nc_err_nomem(err);
	pthread_mutex_init(&p->table_lock, NULL);
	pthread_cond_init(&p->opened, NULL);
	*ret = nc_steal(&p);
	return NC_OK;
}

void nc_providers_free(nc_providers *p)
{
	size_t it = 0;
	nc_bytes key;
	void *inst;

	if (!p)
		return;
	while (nc_map_next(p->open, &it, &key, &inst)) {
		nc_pinst_close(inst, 2000000);
		nc_pinst_unref(inst);
	}
	nc_map_free(p->open);
	pthread_mutex_destroy(&p->table_lock);
	pthread_cond_destroy(&p->opened);
	nc_free(p);
}

static nc_pinst *lookup(nc_providers *p, const char *id)
{
	pthread_mutex_lock(&p->table_lock);
	nc_pinst *inst = nc_map_get(p->open, nc_str(id));
	if (inst)
		nc_pinst_ref(inst);
	pthread_mutex_unlock(&p->table_lock);
	return inst;
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
static void instance_name(const char *id, char out[64])
{
	size_t i = 0;

	for (; id[i] && i < 63; i++)
		out[i] = (char)(id[i] >= 'A' && id[i] <= 'Z' ? id[i] + 32 : id[i]);
	out[i] = '\0';
}

static nc_code open_instance(nc_providers *p, const nc_provider *obj, nc_pinst **ret, nc_error *err)
{
	char name[64];
	nc_code rc = nc_plugins_load(p->flow->plugins, obj->plugin, err);

	if (rc != NC_OK)
		return rc;
	instance_name(obj->o.id, name);
	nc_pinst_spec spec = { .plugin = obj->plugin,
		.name = name,
		.config = obj->config.len ? obj->config : nc_str("{}"),
		.owner = p->flow,
		.max_concurrency = (uint32_t)obj->max_concurrency,
		.max_per_target = (uint32_t)obj->max_per_target };
	return nc_pinst_open(p->flow->plugins, &spec, ret, err);
}

static void begin_opening(nc_providers *p)
{
	pthread_mutex_lock(&p->table_lock);
	while (p->is_opening)
		pthread_cond_wait(&p->opened, &p->table_lock);
	p->is_opening = 1;
	pthread_mutex_unlock(&p->table_lock);
}

static void end_opening(nc_providers *p)
{
	pthread_mutex_lock(&p->table_lock);
	p->is_opening = 0;
	pthread_cond_broadcast(&p->opened);
	pthread_mutex_unlock(&p->table_lock);
}

static nc_code keep(nc_providers *p, const char *id, nc_pinst *inst, nc_error *err)
{
	void *old = NULL;

	pthread_mutex_lock(&p->table_lock);
	nc_code rc = nc_map_put(p->open, nc_str(id), inst, &old);
	pthread_mutex_unlock(&p->table_lock);
	if (rc != NC_OK)
		return nc_err_nomem(err);
	nc_pinst_unref(old);
	return NC_OK;
}

nc_code nc_providers_open(nc_providers *p, const nc_provider *obj, nc_error *err)
{
	_cleanup_(nc_pinst_unrefp) nc_pinst *inst = NULL;
	nc_code rc = NC_OK;

	begin_opening(p);
	_cleanup_(nc_pinst_unrefp) nc_pinst *known = lookup(p, obj->o.id);
	int is_usable = known && nc_pinst_get_state(known) != NC_PINST_FAILED &&
			nc_pinst_get_state(known) != NC_PINST_CLOSED;
	if (!is_usable) {
		if (known)
			nc_providers_close(p, obj->o.id);
		rc = open_instance(p, obj, &inst, err);
		if (rc == NC_OK)
			rc = keep(p, obj->o.id, inst, err);
		if (rc == NC_OK)
			nc_steal(&inst); /* the table's */
	}
	end_opening(p);
	return rc;
}

void nc_providers_close(nc_providers *p, const char *id)
{
	pthread_mutex_lock(&p->table_lock);
	nc_pinst *inst = nc_map_del(p->open, nc_str(id));
	pthread_mutex_unlock(&p->table_lock);
	if (!inst)
		return;
	nc_pinst_close(inst, 2000000);
	nc_pinst_unref(inst);
}

/* ---- all of them ---- */

typedef struct opening {
	nc_providers *p;
	nc_arena *arena;
	nc_provider **list;
	size_t n, cap;
} opening;

static void collect(opening *o, const nc_item *it)
{
	nc_object *obj = NULL;

	if (o->n == o->cap || nc_model_load(it, o->arena, &obj, NULL) != NC_OK)
		return;
	nc_provider *prov = NC_AS(nc_provider, obj);
	if (prov->is_enabled)
		o->list[o->n++] = prov;
}

static void load_list(opening *o)
{
	nc_db *db = o->p->flow->db;
	const nc_root *root = nc_db_read_begin(db);
	nc_walk w;

	o->cap = nc_root_count(root, NC_KIND_PROVIDER);
	o->list = nc_arena_new_array(o->arena, nc_provider *, o->cap + 1);
	nc_walk_init(&w, root, NC_KIND_PROVIDER, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 },
		NC_ASCENDING);
	for (const nc_item *it; o->list && (it = nc_walk_next(&w, NULL));)
		collect(o, it);
	nc_db_read_end(db);
}

/* What the provider's object says of itself; a lost race is made good by the next round. */
static void tell_status(nc_providers *p, nc_provider *obj, const char *status, const char *event)
{
	nc_txn *t = NULL;

	if (!strcmp(obj->o.status, status) || !(t = nc_txn_new(p->flow->db)))
		return;
	obj->o.status = status;
	nc_flow_event(t, &obj->o, event, "system", NULL, NULL);
	if (nc_model_put(t, &obj->o, NULL) != NC_OK) {
		nc_txn_free(t);
		return;
	}
	nc_txn_commit(t, NULL, NULL);
}

void nc_providers_open_all(nc_providers *p)
{
	_cleanup_(nc_arena_freep) nc_arena *arena = nc_arena_new(16u << 20);
	opening o = { .p = p, .arena = arena };

	if (!arena)
		return;
	load_list(&o);
	for (size_t i = 0; i < o.n; i++) {
		nc_error err = NC_ERROR_INIT;
		if (nc_providers_open(p, o.list[i], &err) == NC_OK) {
			tell_status(p, o.list[i], "up", "provider.up");
			continue;
		}
		nc_log(L_WARN, "provider.open.failed", F_STR("provider", o.list[i]->o.name),
			F_ERR(&err), F_STR("consequence", "trying again at the next round"));
		tell_status(p, o.list[i], "down", "provider.down");
	}
}

int nc_providers_have(void *ctx, const char *extension)
{
	nc_flow *f = ctx;
	nc_providers *p = f->providers;
	char verb[64];
	size_t it = 0;
	nc_bytes key;
	void *inst;
	int has = 0;

	/* An extension is there when the first of its verbs is. */
	for (unsigned i = 0; i < nc_verb_count(); i++)
		if (!strcmp(nc_verb_at(i)->ext, extension)) {
			snprintf(verb, sizeof(verb), "%s", nc_verb_at(i)->name);
			pthread_mutex_lock(&p->table_lock);
			while (!has && nc_map_next(p->open, &it, &key, &inst))
				has = nc_pinst_can(inst, verb);
			pthread_mutex_unlock(&p->table_lock);
			return has;
		}
	return 0;
}
