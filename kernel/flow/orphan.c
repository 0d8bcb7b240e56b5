/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orphans of one provider, recomputed from each complete inventory: a tagged guest whose object is
 * gone, or is of another installation that calls itself ours from before a restore. Listed ones
 * that are no longer there are taken off the list. The operation orphan.delete destroys one at an
 * operator's word.
 */
#include "flow/orphan.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/map.h"
#include "flow/actions.h"
#include "flow/sweep.h"
#include "model/body.h"
#include "model/records.h"

#define ORPHANS_MAX 1000 /* written a round; the rest comes with the next */

typedef struct round {
	nc_flow *f;
	const char *provider;
	const nc_root *root;
	nc_arena *a;
	nc_txn *t;
	uint32_t n;
} round;

static const char *str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* Made by an operation that began after the inventory was asked for, or is under way. */
static int is_in_the_making(const round *r, const json_t *tag)
{
	const char *op = str(tag, "operation");
	const nc_item *it = nc_root_get(r->root, NC_KIND_OPERATION, nc_str(op));

	return it != NULL; /* hot ones are unfinished */
}

static int is_orphan(const round *r, const json_t *guest)
{
	const json_t *tag = json_object_get(guest, "tag");

	if (!tag || strcmp(str(tag, "installation"), nc_db_installation(r->f->db)))
		return 0; /* not ours to judge */
	if (nc_root_get(r->root, NC_KIND_VM, nc_str(str(tag, "object"))))
		return 0;
	return !is_in_the_making(r, tag);
}

static void native_key(const char *provider, const char *native, char out[NC_DB_ID_MAX + 1])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	_cleanup_(nc_freep) char *text = nc_asprintf("%s/%s", provider, native);
	uint8_t mac[32];

	/* The same guest has the same id in every round, shaped like any other id. */
	nc_hmac_sha256(nc_str("orphan"), nc_str(text ? text : native), mac);
	memcpy(out, "orp_", 4);
	for (int i = 0; i < 26; i++)
		out[4 + i] = digits[mac[i] & (i ? 31 : 7)];
	out[30] = '\0';
}

int nc_orphan_is_listed(const nc_root *r, const char *provider, const char *native)
{
	char id[NC_DB_ID_MAX + 1];

	native_key(provider, native, id);
	return nc_root_get(r, NC_KIND_ORPHAN, nc_str(id)) != NULL;
}

static const char *host_id(const round *r, const char *name)
{
	nc_reach reach = { .is_everywhere = 1 };
	const nc_item *it = NULL;

	if (!*name ||
		nc_model_resolve(r->root, &nc_kind_host, &reach, name, &it, NULL, NULL) != NC_OK)
		return NULL;
	return nc_arena_strdup(r->a, nc_item_id(it));
}

/* What adopting it needs to know. */
static nc_code keep_found(round *r, nc_orphan *o, const json_t *guest, nc_error *err)
{
	_cleanup_(nc_freep) char *text = json_dumps(guest, JSON_COMPACT);

	if (!text)
		return nc_err_nomem(err);
	o->found.ptr = nc_arena_strdup(r->a, text);
	o->found.len = strlen(text);
	return o->found.ptr ? NC_OK : nc_err_nomem(err);
}

/* Listed by a version that did not keep what it saw. */
static nc_code see_again(round *r, const nc_item *it, const json_t *guest, nc_error *err)
{
	nc_object *o = NULL;

	if (nc_body_member(nc_item_body(it), "found").len)
		return NC_OK;
	nc_code rc = nc_model_load(it, r->a, &o, err);
	if (rc == NC_OK)
		rc = keep_found(r, NC_AS(nc_orphan, o), guest, err);
	r->n++;
	return rc == NC_OK ? nc_model_put(r->t, o, err) : rc;
}

static nc_code list_one(round *r, const json_t *guest, const char *id, nc_error *err)
{
	const json_t *tag = json_object_get(guest, "tag");
	nc_object *o = nc_object_new(&nc_kind_orphan, r->a);

	if (!o)
		return nc_err_nomem(err);
	nc_orphan *orphan = NC_AS(nc_orphan, o);
	o->id = nc_arena_strdup(r->a, id);
	o->status = "listed";
	orphan->provider = nc_arena_strdup(r->a, r->provider);
	orphan->host = host_id(r, str(guest, "host"));
	orphan->native_id = nc_arena_strdup(r->a, str(guest, "native_id"));
	orphan->native_kind = "guest";
	orphan->native_name = nc_arena_strdup(r->a, str(guest, "name"));
	orphan->tag_installation = nc_arena_strdup(r->a, str(tag, "installation"));
	orphan->tag_object = nc_arena_strdup(r->a, str(tag, "object"));
	orphan->tag_operation = nc_arena_strdup(r->a, str(tag, "operation"));
	orphan->tag_epoch = (uint64_t)json_integer_value(json_object_get(tag, "epoch"));
	orphan->reason =
		orphan->tag_epoch > nc_db_epoch(r->f->db)
			? "made in a later epoch than this store knows: a backup was restored"
			: NC_ORPHAN_GONE;
	orphan->found_at_ms = nc_clock_wall_ms();
	nc_code rc = keep_found(r, orphan, guest, err);
	if (rc == NC_OK)
		rc = nc_model_put(r->t, o, err);
	if (rc == NC_OK)
		nc_flow_event(r->t, o, "orphan.found", "system", NULL, NULL);
	r->n++;
	return rc;
}

static nc_code walk_strays(round *r, const json_t *strays, nc_map *present, nc_error *err)
{
	nc_code rc = NC_OK;
	char id[NC_DB_ID_MAX + 1];

	for (size_t i = 0; rc == NC_OK && i < json_array_size(strays) && r->n < ORPHANS_MAX; i++) {
		const json_t *guest = json_array_get(strays, i);
		if (!is_orphan(r, guest))
			continue;
		native_key(r->provider, str(guest, "native_id"), id);
		if (nc_map_put(present, nc_str(id), r, NULL) != NC_OK)
			return nc_err_nomem(err);
		const nc_item *it = nc_root_get(r->root, NC_KIND_ORPHAN, nc_str(id));
		rc = it ? see_again(r, it, guest, err) : list_one(r, guest, id, err);
	}
	return rc;
}

/* What was listed and is not there any more. */
static nc_code strike_off(round *r, const nc_map *present, nc_error *err)
{
	nc_walk w;
	nc_code rc = NC_OK;

	nc_walk_init(&w, r->root, NC_KIND_ORPHAN, NC_BY_ID, (nc_bytes){ 0 }, (nc_bytes){ 0 },
		NC_ASCENDING);
	for (const nc_item *it; rc == NC_OK && (it = nc_walk_next(&w, NULL));) {
		nc_object *o = NULL;
		if (nc_map_get(present, nc_str(nc_item_id(it))))
			continue;
		if ((rc = nc_model_load(it, r->a, &o, err)) != NC_OK)
			break;
		nc_orphan *orphan = NC_AS(nc_orphan, o);
		if (strcmp(orphan->provider, r->provider) || strcmp(o->status, "listed"))
			continue;
		nc_model_delete(r->t, o);
		r->n++;
	}
	return rc;
}

nc_code nc_orphans_update(nc_flow *f, const char *provider, const json_t *strays, nc_error *err)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(16u << 20);
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	_cleanup_(nc_map_freep) nc_map *present = nc_map_new();
	round r = { .f = f, .provider = provider, .a = a, .t = t };

	if (!a || !t || !present)
		return nc_err_nomem(err);
	r.root = nc_db_read_begin(f->db);
	nc_code rc = walk_strays(&r, strays, present, err);
	if (rc == NC_OK)
		rc = strike_off(&r, present, err);
	nc_db_read_end(f->db);
	if (rc != NC_OK || !r.n)
		return rc;
	nc_log(L_WARN, "orphan.changed", F_STR("provider", provider), F_U64("orphans", r.n));
	return nc_txn_commit(nc_steal(&t), NULL, err);
}

/* ---- orphan.delete ---- */

static nc_code destroy(nc_opctx *c, nc_op_call *call, nc_error *err)
{
	const nc_orphan *o = c->target ? NC_AS(nc_orphan, c->target) : NULL;
	_cleanup_(nc_buf_done) nc_buf b = { 0 };
	nc_object *host = NULL;
	nc_jw w;

	if (!o) {
		call->is_needless = 1;
		return NC_OK;
	}
	if (o->host && nc_model_get(c->root, &nc_kind_host, o->host, c->arena, &host, err) != NC_OK)
		return err ? err->code : NC_E_NOTFOUND;
	nc_buf_init(&b, 16u << 10);
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "id", o->tag_object);
	char uuid[37];
	nc_vm_uuid(o->tag_object, 1, uuid);
	nc_jw_kstr(&w, "uuid", uuid);
	nc_jw_kstr(&w, "native_id", o->native_id);
	nc_jw_kobj(&w, "tag");
	nc_jw_kstr(&w, "installation", o->tag_installation);
	nc_jw_kstr(&w, "object", o->tag_object);
	nc_jw_kstr(&w, "operation", o->tag_operation);
	nc_jw_ku64(&w, "epoch", o->tag_epoch);
	nc_jw_obj_end(&w);
	nc_jw_obj_end(&w);
	call->provider = o->provider;
	call->target = host ? NC_AS(nc_host_obj, host)->target : "";
	call->verb = "compute.destroy";
	call->request.ptr = nc_arena_memdup(c->arena, b.ptr, b.len + 1);
	call->request.len = b.len;
	return nc_buf_failed(&b) || !call->request.ptr ? nc_err_nomem(err) : NC_OK;
}

static nc_code ended(nc_opctx *c, nc_error *err)
{
	(void)err;
	if (!c->target)
		return NC_OK;
	if (c->op->state == NC_OPER_SUCCEEDED) {
		c->target_is_gone = 1;
	} else {
		c->target->status = "listed";
		NC_AS(nc_orphan, c->target)->reason = "it could not be destroyed";
		c->target_is_dirty = 1;
	}
	return NC_OK;
}

static const nc_op_step_def steps[] = {
	{ .name = "destroy", .prepare = destroy, .flags = NC_STEP_GONE_IS_DONE },
};
const nc_op_type nc_flow_orphan_delete = {
	.kind = "orphan.delete", .steps = steps, .n_steps = NC_LEN(steps), .ended = ended
};

nc_code nc_orphan_act_delete(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	(void)r;
	(void)self;
	(void)body;
	nc_code rc = nc_stage_operation(s, "orphan.delete", NULL, err);
	if (rc == NC_OK)
		s->object->status = "deleting";
	return rc;
}
