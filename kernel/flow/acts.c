/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts on plain objects, the same for every kind: create, patch, replace, delete, actions. A kind
 * that needs more has a row in `specials` and does its own part there. Each act is tried again from
 * a fresh root when the sequencer found that somebody was faster. Worker threads. With `on_durable`
 * an act does not wait for its record (NC_ACT_PENDING); without, it blocks until that is durable.
 */
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "flow/acts.h"
#include "flow/idempotency.h"
#include "model/body.h"
#include "model/problem.h"

#define TRIES_MAX 20 /* of an act whose objects others change, too */

static const nc_special *const specials[] = { &nc_vm_special, &nc_provider_special,
	&nc_schedule_special, &nc_network_special, &nc_volume_special, &nc_snapshot_special };

static const nc_special *special_of(const nc_kind *kind)
{
	for (size_t i = 0; i < NC_LEN(specials); i++)
		if (specials[i]->kind == kind)
			return specials[i];
	return NULL;
}

/* ---- one attempt, with its root ---- */

typedef struct attempt {
	nc_act *a;
	const nc_kind *kind;
	const char *ref;
	const json_t *body;
	nc_delete_how how;
	const char *action, *field, *sub_id;
	const nc_root *root;
	nc_stage stage;
	int status;
} attempt;

typedef nc_code (*attempt_fn)(attempt *t, nc_error *err);

/* The sequencer's refusals carry no problem code; ours do. One that said which revision it meant is
 * tried again too: the fresh root holds the answer to its key, if it was the same request that was
 * faster, or another revision, of which it is told. */
static int is_lost_race(const nc_error *why)
{
	return why->code == NC_E_CONFLICT && strncmp(why->domain, "nc.", 3) != 0;
}

int nc_act_again(nc_act *a, nc_error *why)
{
	if (!is_lost_race(why))
		return 0;
	if (++a->n_tries < TRIES_MAX)
		return 1;
	if (a->if_match)
		nc_problem_err(why, "changed", "it was changed meanwhile");
	return 0;
}

/* The deed, on a root on which its key is free; or what its key answers, found while no root is
 * held. A key that was used and is free again is known by its rev. NC_E_EXISTS = answered. */
static nc_code do_or_replay(attempt *t, attempt_fn fn, nc_error *err)
{
	nc_act *a = t->a;
	const nc_idempotency *used = NULL;
	uint64_t freed_rev = 0;
	nc_code rc;

	do {
		t->root = nc_db_read_begin(a->flow->db);
		rc = nc_act_find_key(a, t->root, &used, err);
		int is_free = rc == NC_OK && (!used || used->o.rev == freed_rev);
		if (is_free)
			rc = fn(t, err);
		nc_db_read_end(a->flow->db);
		if (is_free || rc != NC_OK)
			return rc;
		freed_rev = used->o.rev;
		rc = nc_act_replay(a, used, err);
	} while (rc == NC_OK);
	return rc;
}

static nc_code try_once(attempt *t, attempt_fn fn, nc_error *err)
{
	nc_act *a = t->a;

	t->stage = (nc_stage){ .a = a, .txn = nc_txn_new(a->flow->db) };
	if (!t->stage.txn)
		return nc_err_nomem(err);
	nc_code rc = do_or_replay(t, fn, err);
	int is_replay = rc == NC_E_EXISTS && a->is_replay;
	if (rc == NC_OK && t->status)
		return nc_stage_commit(&t->stage, t->status, err);
	nc_txn_free(t->stage.txn);
	return is_replay ? NC_OK : rc; /* status 0: the answer is in the act already */
}

/* Said once, it holds: what wrote nothing is written down too, lest it be done the next time. A
 * refusal for want of memory or the store is none. */
static nc_code remember(attempt *t, nc_code rc, nc_error *why)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_act *a = t->a;
	nc_jw w;

	nc_buf_init(&b, 4096);
	if (!a->is_once || a->is_replay || (rc == NC_OK && t->status) || rc == NC_E_NOMEM ||
		rc == NC_E_UNAVAILABLE)
		return rc;
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	if (rc != NC_OK)
		nc_jw_kstr(&w, "error", why->message);
	nc_jw_kbool(&w, "changed", 0);
	nc_jw_obj_end(&w);
	nc_error err = NC_ERROR_INIT;
	nc_code kept = nc_buf_failed(&b) ? nc_err_nomem(&err)
					 : nc_act_remember(a, rc == NC_OK ? 200 : 409,
						   nc_buf_bytes(&b), &err);
	if (kept == NC_OK)
		return rc;
	nc_err_copy(why, &err);
	return kept;
}

/* Which one a VM is busy with, for the refusal. */
static void name_other(attempt *t, const nc_error *why)
{
	const nc_object *o = t->stage.object;
	nc_act *a = t->a;

	if (!o || o->kind != &nc_kind_vm || strcmp(nc_problem_of(why)->code, "busy") != 0)
		return;
	const char *op = NC_AS(const nc_vm, o)->operation;
	snprintf(a->other_operation, sizeof(a->other_operation), "%s", op ? op : "");
}

static nc_code carry_out(attempt *t, attempt_fn fn, nc_error *err)
{
	nc_error local = NC_ERROR_INIT;
	nc_code rc;

	nc_faults_init(&t->a->faults, t->a->arena);
	do {
		nc_err_clear(&local);
		t->status = 0;
		rc = try_once(t, fn, &local);
		if (rc == NC_ACT_PENDING)
			return rc;
	} while (rc != NC_OK && nc_act_again(t->a, &local));
	rc = remember(t, rc, &local);
	if (rc != NC_OK) {
		name_other(t, &local);
		nc_err_copy(err, &local);
	}
	return rc;
}

static nc_code faulty(nc_act *a, nc_error *err)
{
	nc_code rc = nc_faults_error(&a->faults, err);

	return rc == NC_OK ? NC_E_INVAL : rc;
}

static nc_code check_verb(attempt *t, unsigned verb, nc_error *err)
{
	return nc_kind_check_verb(t->kind, verb, nc_providers_have, t->a->flow, err);
}

typedef nc_code (*resolve_fn)(const nc_root *r, const nc_kind *k, const nc_reach *reach,
	const char *ref, const nc_item **ret, nc_candidates *cand, nc_error *err);

static nc_code find_with(attempt *t, resolve_fn resolve, nc_object **ret, nc_error *err)
{
	const nc_item *it = NULL;
	nc_act *a = t->a;
	nc_code rc = resolve(t->root, t->kind, &a->reach, t->ref, &it, &a->candidates, err);

	if (rc != NC_OK)
		return rc;
	if ((rc = nc_observed_load(a->flow->observed, it, a->arena, ret, err)) != NC_OK)
		return rc;
	if (a->if_match && !nc_etag_match(a->if_match, (*ret)->revision))
		return nc_problem_err(err, "changed", "%s %s is at revision %llu, not %s",
			t->kind->name, (*ret)->name ? (*ret)->name : (*ret)->id,
			(unsigned long long)(*ret)->revision, a->if_match);
	return NC_OK;
}

nc_code nc_project_check_enabled(const nc_root *r, const char *project, nc_error *err)
{
	const nc_item *it = project ? nc_root_get(r, NC_KIND_PROJECT, nc_str(project)) : NULL;

	if (!it || !nc_bytes_eq(nc_body_member(nc_item_body(it), "enabled"), nc_str("false")))
		return NC_OK;
	nc_problem_err(
		err, "conflict", "its project is disabled: nothing in it is made or changed");
	return nc_err_hint(
		err, NC_E_CONFLICT, "novacron project update %s --set enabled=true", project);
}

/* What is there, to be changed. Deleting asks nobody. */
static nc_code find_to_change(attempt *t, resolve_fn resolve, nc_object **ret, nc_error *err)
{
	nc_code rc = find_with(t, resolve, ret, err);

	return rc == NC_OK ? nc_project_check_enabled(t->root, (*ret)->project, err) : rc;
}

static const char *event_name(attempt *t, const char *what)
{
	return nc_arena_printf(t->a->arena, "%s.%s", t->kind->name, what);
}

/* ---- create ---- */

static nc_code give_project(attempt *t, nc_object *o, nc_error *err)
{
	int is_scoped = t->kind->scope == NC_SCOPE_PROJECT || t->kind->scope == NC_SCOPE_SHARED;

	if (!is_scoped)
		return NC_OK;
	o->project = t->a->reach.project;
	if (o->project)
		return nc_project_check_enabled(t->root, o->project, err);
	nc_problem_err(
		err, "invalid", "a %s belongs to a project and none is named", t->kind->name);
	return nc_err_hint(err, NC_E_INVAL, "add ?project=NAME; novacron project list shows them");
}

static nc_code create(attempt *t, nc_error *err)
{
	nc_act *a = t->a;
	const nc_special *special = special_of(t->kind);

	if (!(t->kind->verbs & NC_CAN_CREATE) || nc_kind_is_to_come(t->kind))
		return check_verb(t, NC_CAN_CREATE, err);
	nc_faults_init(&a->faults, a->arena);
	nc_object *o = nc_object_parse(t->kind, t->body, a->arena, &a->faults);
	if (!o)
		return faulty(a, err);
	nc_code rc = check_verb(t, NC_CAN_CREATE, err); /* whether a driver is there, last */
	if (rc == NC_OK)
		rc = nc_object_check_served(o, NULL, err);
	if (rc != NC_OK)
		return rc;
	if ((rc = give_project(t, o, err)) != NC_OK)
		return rc;
	nc_model_resolve_refs(t->root, o, &a->reach, &a->faults);
	if (nc_faults_any(&a->faults))
		return faulty(a, err);
	t->stage.object = o;
	t->stage.event = event_name(t, "created");
	t->status = 201;
	if (special && special->create && (rc = special->create(&t->stage, t->root, err)) != NC_OK)
		return rc;
	if (t->stage.op)
		t->status = 202;
	return NC_OK;
}

nc_code nc_act_create(nc_act *a, const nc_kind *kind, const json_t *body, nc_error *err)
{
	attempt t = { .a = a, .kind = kind, .body = body };

	return carry_out(&t, create, err);
}

/* ---- change ---- */

/* Nothing to write: answer what is there. */
static nc_code answer_unchanged(attempt *t, nc_object *o)
{
	t->status = 0;
	t->a->http_status = 200;
	t->a->revision = o->revision;
	nc_object_render(o, t->a->body);
	return NC_OK;
}

static nc_code changed(attempt *t, nc_object *o, const nc_change *change, nc_error *err)
{
	const nc_special *special = special_of(t->kind);

	t->stage.object = o;
	t->status = 200;
	if (!change->is_changed)
		return answer_unchanged(t, o);
	nc_code rc = nc_object_check_served(o, change, err);
	if (rc != NC_OK)
		return rc;
	nc_model_resolve_refs(t->root, o, &t->a->reach, &t->a->faults);
	if (nc_faults_any(&t->a->faults))
		return faulty(t->a, err);
	t->stage.event = event_name(t, "updated");
	if (special && special->changed)
		rc = special->changed(&t->stage, t->root, change, err);
	if (rc == NC_OK && t->stage.is_unchanged)
		return answer_unchanged(t, o);
	if (t->stage.op)
		t->status = 202;
	return rc;
}

static nc_code change_with(attempt *t,
	nc_code (*apply)(nc_object *, const json_t *, nc_faults *, nc_change *), nc_error *err)
{
	nc_object *o = NULL;
	nc_change change = { 0 };
	nc_code rc = find_to_change(t, nc_model_resolve, &o, err);

	if (rc == NC_OK)
		rc = check_verb(t, NC_CAN_UPDATE, err);
	if (rc != NC_OK)
		return rc;
	nc_faults_init(&t->a->faults, t->a->arena);
	rc = apply(o, t->body, &t->a->faults, &change);
	if (nc_faults_any(&t->a->faults))
		return faulty(t->a, err);
	return rc == NC_OK ? changed(t, o, &change, err) : rc;
}

static nc_code patch(attempt *t, nc_error *err)
{
	return change_with(t, nc_object_patch, err);
}

static nc_code replace(attempt *t, nc_error *err)
{
	return change_with(t, nc_object_replace, err);
}

nc_code nc_act_patch(
	nc_act *a, const nc_kind *kind, const char *ref, const json_t *body, nc_error *err)
{
	attempt t = { .a = a, .kind = kind, .ref = ref, .body = body };

	return carry_out(&t, patch, err);
}

nc_code nc_act_replace(
	nc_act *a, const nc_kind *kind, const char *ref, const json_t *body, nc_error *err)
{
	attempt t = { .a = a, .kind = kind, .ref = ref, .body = body };

	return carry_out(&t, replace, err);
}

/* ---- delete ---- */

static nc_code delete (attempt *t, nc_error *err)
{
	nc_act *a = t->a;
	nc_object *o = NULL;
	const nc_special *special = special_of(t->kind);
	nc_code rc = find_with(t, nc_model_resolve, &o, err);

	if (rc == NC_OK)
		rc = check_verb(t, NC_CAN_DELETE, err);
	if (rc == NC_OK && (!special || !special->keeps_users))
		rc = nc_model_check_delete(
			t->root, o, a->used_by, NC_LEN(a->used_by), &a->n_used_by, err);
	else if (rc == NC_OK && o->is_protected)
		rc = nc_model_check_delete(t->root, o, a->used_by, 0, &a->n_used_by, err);
	if (rc != NC_OK)
		return rc;
	t->stage.object = o;
	t->stage.event = event_name(t, "deleted");
	t->status = 200;
	if (special && special->remove) {
		rc = special->remove(&t->stage, t->root, t->how, err);
		if (rc == NC_OK && t->stage.is_unchanged)
			return answer_unchanged(t, o);
		t->status = t->stage.op ? 202 : t->status;
		return rc;
	}
	t->stage.is_delete = 1;
	return NC_OK;
}

nc_code nc_act_delete(
	nc_act *a, const nc_kind *kind, const char *ref, nc_delete_how how, nc_error *err)
{
	attempt t = { .a = a, .kind = kind, .ref = ref, .how = how };

	return carry_out(&t, delete, err);
}

/* ---- actions ---- */

static const nc_action *find_action(const nc_kind *kind, const char *name)
{
	for (const nc_action *x = nc_actions(); x->kind; x++)
		if (!strcmp(x->kind, kind->name) && !strcmp(x->name, name))
			return x;
	return NULL;
}

/* Known from the documents, and waiting for a driver or a part that serves them. */
static int is_known_to_come(const nc_kind *kind, const char *name)
{
	static const char *const of_vm[] = { "backup", "clone", "confirm-resize", "console", "exec",
		"export", "freeze", "import", "lock", "password", "rebuild", "rename", "rescue",
		"revert-resize", "screenshot", "sendkey", "shelve", "thaw", "unlock", "unrescue",
		"unshelve", NULL };
	static const char *const of_host[] = { "capabilities", "confirm-dead", "drain", "evacuate",
		"fence", NULL };
	static const char *const none[] = { NULL };
	const char *const *words = kind->number == NC_KIND_VM     ? of_vm
				   : kind->number == NC_KIND_HOST ? of_host
								  : none;

	while (*words && strcmp(*words, name) != 0)
		words++;
	return *words != NULL;
}

static nc_code no_such_action(const nc_kind *kind, const char *name, nc_error *err)
{
	char list[300];
	size_t n = 0;

	list[0] = '\0';
	for (const nc_action *x = nc_actions(); x->kind && n < sizeof(list); x++)
		if (!strcmp(x->kind, kind->name))
			n += (size_t)snprintf(
				list + n, sizeof(list) - n, "%s%s", n ? ", " : "", x->name);
	int is_later = is_known_to_come(kind, name);
	nc_problem_err(err, is_later ? "unsupported" : "not_found",
		is_later ? "a %s can't %.40s yet" : "a %s has no action \"%.40s\"", kind->name,
		name);
	return nc_err_hint(err, is_later ? NC_E_UNSUPPORTED : NC_E_NOTFOUND, "it has: %s",
		*list ? list : "none");
}

static nc_code act(attempt *t, nc_error *err)
{
	const nc_action *x = find_action(t->kind, t->action);
	nc_object *o = NULL;

	if (!x)
		return no_such_action(t->kind, t->action, err);
	/* Only what is deleted can be restored, so that is what a name means. */
	int is_restore = t->kind->flags & NC_KF_SOFT_DELETE && !strcmp(x->name, "restore");
	nc_code rc = find_to_change(
		t, is_restore ? nc_model_resolve_deleted : nc_model_resolve, &o, err);
	if (rc != NC_OK)
		return rc;
	t->stage.object = o;
	t->status = 202;
	rc = x->run(&t->stage, t->root, x, t->body, err);
	if (rc != NC_OK)
		return rc;
	if (t->stage.is_unchanged) {
		t->status = 0;
		t->a->http_status = 200;
		t->a->revision = o->revision;
		nc_buf_puts(t->a->body, "{\"changed\":false,\"object\":");
		nc_object_render(o, t->a->body);
		nc_buf_putc(t->a->body, '}');
	} else if (!t->stage.op) {
		t->status = 200;
	}
	return NC_OK;
}

nc_code nc_act_do(nc_act *a, const nc_kind *kind, const char *ref, const char *action,
	const json_t *body, nc_error *err)
{
	attempt t = { .a = a, .kind = kind, .ref = ref, .action = action, .body = body };

	return carry_out(&t, act, err);
}

/* ---- sub-resources ---- */

/* A kind that has a driver for its elements does it all itself. */
static nc_code special_sub(attempt *t, const nc_special *special, nc_object *o, nc_error *err)
{
	const nc_sub_ask ask = { .field = t->field, .sub_id = t->sub_id, .body = t->body };

	t->stage.object = o;
	t->stage.event = event_name(t, "updated");
	nc_code rc = special->sub(&t->stage, t->root, &ask, err);
	if (rc != NC_OK)
		return rc;
	t->status = t->stage.op ? 202 : 200;
	return t->stage.is_unchanged ? answer_unchanged(t, o) : NC_OK;
}

static nc_code sub(attempt *t, nc_error *err)
{
	nc_object *o = NULL;
	nc_change change = { .is_changed = 1 };
	const nc_special *special = special_of(t->kind);
	nc_code rc = find_to_change(t, nc_model_resolve, &o, err);

	if (rc == NC_OK)
		rc = check_verb(t, NC_CAN_UPDATE, err);
	if (rc != NC_OK)
		return rc;
	nc_faults_init(&t->a->faults, t->a->arena);
	if (special && special->sub)
		return special_sub(t, special, o, err);
	if (!t->sub_id)
		rc = nc_object_sub_add(o, t->field, t->body, &t->a->faults) ? NC_OK : NC_E_INVAL;
	else if (t->body)
		rc = nc_object_sub_patch(o, t->field, t->sub_id, t->body, &t->a->faults, &change);
	else
		rc = nc_object_sub_remove(o, t->field, t->sub_id, err);
	if (nc_faults_any(&t->a->faults))
		return faulty(t->a, err);
	return rc == NC_OK ? changed(t, o, &change, err) : rc;
}

nc_code nc_act_sub(nc_act *a, const nc_kind *kind, const char *ref, const char *field,
	const char *sub_id, const json_t *body, nc_error *err)
{
	attempt t = {
		.a = a, .kind = kind, .ref = ref, .field = field, .sub_id = sub_id, .body = body
	};

	return carry_out(&t, sub, err);
}
