/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in the configuration of a provider, on their way into the vault with a request and out of
 * it for an instance of the plugin. The schema alone says where they are: what stands at such a place
 * is either a value or, taken back from what was shown, {set, version, digest}. The handle of a value
 * is made of its digest, so that elements of a list may move. Workers, and who opens providers; text
 * and trees that held a value are wiped.
 */
#include "flow/provider_secrets.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "model/member.h"
#include "model/secrets.h"
#include "plugin/schema.h"

#define CONFIG_MAX (256u << 10)

enum {
	DIGEST_LEN = 32, /* hex, of the vault's: what is shown */
	HANDLE_LEN = 16  /* of which the handle has; the whole is compared when it is opened */
};

typedef struct secret_walk {
	nc_flow *flow;
	const char *id;      /* of the provider */
	const json_t *shown; /* what may be taken back, by digest; NULL: everything */
	const json_t *places;
	nc_txn *txn;
	nc_faults *faults; /* of the request */
	json_t *kept;      /* digests of the new configuration */
} secret_walk;

/* ---- what stands in the place of a value ---- */

/* NULL: it is something else. */
static const char *digest_of_shown(const json_t *v)
{
	const json_t *digest = json_object_get(v, "digest");
	int is_shown = json_object_size(v) == 3 && json_is_true(json_object_get(v, "set")) &&
		       json_is_integer(json_object_get(v, "version")) &&
		       json_string_length(digest) == DIGEST_LEN;

	return is_shown ? json_string_value(digest) : NULL;
}

static json_t *new_shown(const json_t *was, const char *digest)
{
	json_int_t version = json_integer_value(json_object_get(was, "version")) + 1;

	return json_pack("{s:b, s:I, s:s}", "set", 1, "version", version, "digest", digest);
}

/* The one with that digest, wherever it stands: an element may have moved. */
static json_t *find_shown(const secret_walk *w, const char *field, const char *digest)
{
	json_t *here = json_object_get(w->places, field);
	const char *same = digest_of_shown(here);

	return same && !strcmp(same, digest) ? here : json_object_get(w->shown, digest);
}

static void handle_of(const char *id, const char *digest, char out[NC_DB_ID_MAX + 1])
{
	char field[HANDLE_LEN + 1];

	snprintf(field, sizeof(field), "%.*s", HANDLE_LEN, digest);
	nc_secret_handle(id, field, out);
}

/* ---- wiping ---- */

static void wipe_text(char *text)
{
	if (text)
		nc_zero(text, strlen(text));
	nc_free(text);
}

static void wipe_value(const json_t *v)
{
	if (json_is_string(v))
		nc_zero((void *)(uintptr_t)json_string_value(v), json_string_length(v));
}

static nc_code wipe_one(
	void *user, const char *field, const json_t *value, json_t **ret_new, nc_error *err)
{
	(void)user, (void)field, (void)ret_new, (void)err;
	wipe_value(value);
	return NC_OK;
}

static void wipe_doc(const json_t *schema, json_t *doc)
{
	if (schema && doc)
		(void)nc_schema_each_secret(schema, doc, wipe_one, NULL, NULL);
	json_decref(doc);
}

/* ---- opening ---- */

static nc_code open_value(const secret_walk *w, const char *digest, json_t **ret, nc_error *err)
{
	_cleanup_(nc_secret_freep) nc_secret *value = NULL;
	char handle[NC_DB_ID_MAX + 1], found[NC_VAULT_DIGEST_LEN + 1];

	handle_of(w->id, digest, handle);
	nc_code rc = nc_vault_get(w->flow->vault, handle, &value, err);
	if (rc != NC_OK)
		return rc;
	nc_vault_digest(w->flow->vault, nc_secret_get(value), found);
	if (strncmp(found, digest, DIGEST_LEN) != 0)
		rc = NC_E_PROTO;
	else /* without an error: a parser's would quote what it can't read */
		rc = nc_json_parse(nc_secret_get(value), CONFIG_MAX, ret, NULL);
	if (rc == NC_E_NOMEM)
		return nc_err_nomem(err);
	return rc == NC_OK
		       ? rc
		       : nc_err(err, NC_E_PROTO, "secret %s is not what its provider says", handle);
}

static nc_code open_one(
	void *user, const char *field, const json_t *value, json_t **ret_new, nc_error *err)
{
	const secret_walk *w = user;
	const char *digest = digest_of_shown(value);

	if (!digest)
		return NC_OK;
	if (!w->shown || find_shown(w, field, digest))
		return open_value(w, digest, ret_new, err);
	nc_fault_add(w->faults, nc_arena_printf(w->faults->arena, "config.%s", field), "changed",
		"is not the value that is there now");
	nc_fault_hint(w->faults, "read the provider again, or give the value itself");
	return NC_OK;
}

static nc_code dump_secret(const json_t *doc, nc_secret **ret, nc_error *err)
{
	char *text = nc_json_dump(doc, JSON_COMPACT | JSON_ENCODE_ANY);

	*ret = text ? nc_secret_new(nc_str(text)) : NULL;
	wipe_text(text);
	return *ret ? NC_OK : nc_err_nomem(err);
}

static nc_code read_schema(nc_flow *f, const char *plugin, json_t **ret, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf text;

	nc_buf_init(&text, CONFIG_MAX);
	nc_code rc = nc_plugins_schema(f->plugins, plugin, &text, err);
	if (rc == NC_E_NOTFOUND)
		return nc_err_hint(err, rc,
			"novacron plugin status lists those that are there; the configuration's "
			"plugins.allow names those that may load");
	return rc == NC_OK ? nc_json_parse(nc_buf_bytes(&text), CONFIG_MAX, ret, err) : rc;
}

static nc_code read_doc(const nc_provider *p, json_t **ret, nc_error *err)
{
	return nc_json_parse(p->config.len ? p->config : nc_str("{}"), CONFIG_MAX, ret, err);
}

/* The object's configuration with every value in its place, as text. */
static nc_code open_all(
	secret_walk *w, const json_t *schema, const nc_provider *p, nc_secret **ret, nc_error *err)
{
	json_t *doc = NULL;
	nc_code rc = read_doc(p, &doc, err);

	if (rc == NC_OK)
		rc = nc_schema_each_secret(schema, doc, open_one, w, err);
	if (rc == NC_OK)
		rc = dump_secret(doc, ret, err);
	wipe_doc(schema, doc);
	return rc;
}

nc_code nc_provider_config_open(nc_flow *f, const nc_provider *p, nc_secret **ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *schema = NULL;
	secret_walk w = { .flow = f, .id = p->o.id };
	nc_code rc = read_schema(f, p->plugin, &schema, err);

	return rc == NC_OK ? open_all(&w, schema, p, ret, err) : rc;
}

/* ---- a request ---- */

static nc_code note_shown(
	void *user, const char *field, const json_t *value, json_t **ret_new, nc_error *err)
{
	nc_provider_config *c = user;
	const char *digest = digest_of_shown(value);
	json_t *v = (json_t *)(uintptr_t)value;

	(void)ret_new;
	if (digest &&
		(json_object_set(c->shown, digest, v) || json_object_set(c->places, field, v)))
		return nc_err_nomem(err);
	return NC_OK;
}

/* What of `doc` may be taken back. */
static nc_code note_all(nc_provider_config *c, json_t *doc, nc_error *err)
{
	c->shown = json_object();
	c->places = json_object();
	if (!c->shown || !c->places)
		return nc_err_nomem(err);
	return doc ? nc_schema_each_secret(c->schema, doc, note_shown, c, err) : NC_OK;
}

static nc_code read_former(nc_stage *s, const nc_root *r, nc_provider_config *c, nc_error *err)
{
	nc_object *was = NULL;
	nc_code rc = NC_OK;

	if (s->object->rev)
		rc = nc_model_get(r, &nc_kind_provider, s->object->id, s->a->arena, &was, err);
	if (rc == NC_OK && was)
		rc = read_doc(NC_AS(nc_provider, was), &c->was, err);
	return rc == NC_OK ? note_all(c, c->was, err) : rc;
}

nc_code nc_provider_config_read(
	nc_stage *s, const nc_root *r, nc_provider_config *ret, nc_error *err)
{
	nc_act *a = s->a;
	const nc_provider *p = NC_AS(nc_provider, s->object);
	nc_code rc = read_schema(a->flow, p->plugin, &ret->schema, err);

	if (rc == NC_OK)
		rc = read_former(s, r, ret, err);
	if (rc == NC_OK)
		rc = read_doc(p, &ret->doc, err);
	if (rc != NC_OK)
		return rc;
	secret_walk w = { .flow = a->flow,
		.id = p->o.id,
		.shown = ret->shown,
		.places = ret->places,
		.faults = &a->faults };
	rc = open_all(&w, ret->schema, p, &ret->plain, err);
	if (rc == NC_OK && nc_faults_any(&a->faults))
		rc = nc_faults_error(&a->faults, err);
	return rc;
}

/* ---- sealing ---- */

/* A value that the request gives, in the place of the one that was there (NULL: none). */
static nc_code seal_value(
	const secret_walk *w, const json_t *was, const json_t *value, json_t **ret, nc_error *err)
{
	_cleanup_(nc_secret_freep) nc_secret *plain = NULL;
	char digest[NC_VAULT_DIGEST_LEN + 1], handle[NC_DB_ID_MAX + 1];
	nc_code rc = dump_secret(value, &plain, err);

	if (rc != NC_OK)
		return rc;
	nc_vault_digest(w->flow->vault, nc_secret_get(plain), digest);
	digest[DIGEST_LEN] = '\0';
	if (was && !strcmp(digest_of_shown(was), digest)) {
		*ret = json_incref((json_t *)(uintptr_t)was);
		return NC_OK;
	}
	handle_of(w->id, digest, handle);
	rc = nc_vault_put(w->flow->vault, w->txn, handle, nc_secret_get(plain), err);
	if (rc != NC_OK)
		return rc;
	*ret = new_shown(was, digest);
	return *ret ? NC_OK : nc_err_nomem(err);
}

static nc_code seal_one(
	void *user, const char *field, const json_t *value, json_t **ret_new, nc_error *err)
{
	const secret_walk *w = user;
	const char *digest = digest_of_shown(value);
	_cleanup_(nc_json_decrefp) json_t *shown = NULL;
	nc_code rc = NC_OK;

	if (digest) /* reading has found it there */
		shown = json_incref(find_shown(w, field, digest));
	else
		rc = seal_value(w, json_object_get(w->places, field), value, &shown, err);
	if (rc != NC_OK)
		return rc;
	if (json_object_set_new(w->kept, digest_of_shown(shown), json_true()))
		return nc_err_nomem(err);
	wipe_value(value);
	*ret_new = nc_steal(&shown);
	return NC_OK;
}

/* What the new configuration has no more. */
static void shred(const secret_walk *w)
{
	char handle[NC_DB_ID_MAX + 1];
	const char *digest;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)w->shown, digest, v)
	{
		if (json_object_get(w->kept, digest))
			continue;
		handle_of(w->id, digest, handle);
		nc_vault_del(w->flow->vault, w->txn, handle);
	}
}

/* What would have been stored is wiped: nobody may find it in the arena later. */
static nc_code store(nc_provider *p, json_t *doc, nc_error *err)
{
	const nc_field_def *d = nc_kind_field(&nc_kind_provider, "config");
	nc_bytes text = { NULL, 0 };

	if (!p->config.ptr)
		return NC_OK;
	nc_code rc = nc_json_text(doc, p->o.arena, nc_field_limit(d), &text);
	if (rc != NC_OK)
		return rc == NC_E_NOMEM ? nc_err_nomem(err)
					: nc_err(err, NC_E_INVAL, "config: is too long");
	nc_zero((void *)(uintptr_t)p->config.ptr, p->config.len);
	p->config = text;
	return NC_OK;
}

static nc_code seal_doc(
	nc_flow *f, nc_txn *t, nc_provider *p, const nc_provider_config *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *kept = json_object();
	secret_walk w = { .flow = f,
		.id = p->o.id,
		.shown = c->shown,
		.places = c->places,
		.txn = t,
		.kept = kept };

	if (!kept)
		return nc_err_nomem(err);
	nc_code rc = nc_schema_each_secret(c->schema, c->doc, seal_one, &w, err);
	if (rc == NC_OK)
		rc = store(p, c->doc, err);
	if (rc == NC_OK)
		shred(&w);
	return rc;
}

nc_code nc_provider_config_seal(nc_stage *s, nc_provider_config *c, int *ret_is_same, nc_error *err)
{
	nc_code rc = seal_doc(s->a->flow, s->txn, NC_AS(nc_provider, s->object), c, err);

	if (rc == NC_OK)
		*ret_is_same = c->was && json_equal(c->was, c->doc);
	return rc;
}

void nc_provider_config_done(nc_provider_config *c)
{
	wipe_doc(c->schema, c->doc);
	json_decref(c->schema);
	json_decref(c->was);
	json_decref(c->shown);
	json_decref(c->places);
	nc_secret_free(c->plain);
}

/* ---- what was stored before ---- */

static nc_code count_plain(
	void *user, const char *field, const json_t *value, json_t **ret_new, nc_error *err)
{
	size_t *n = user;

	(void)field, (void)ret_new, (void)err;
	*n += !digest_of_shown(value);
	return NC_OK;
}

/* The caller's object is left as it is until what was sealed is durable: it may be put again. */
static nc_provider *copy_of(const nc_provider *p)
{
	nc_object *copy = nc_object_copy(&p->o);
	const void *text = nc_arena_memdup(p->o.arena, p->config.ptr, p->config.len);

	if (!copy || !text)
		return NULL;
	NC_AS(nc_provider, copy)->config.ptr = text; /* which is wiped */
	return NC_AS(nc_provider, copy);
}

static nc_code put_sealed(nc_flow *f, nc_provider *p, nc_provider_config *c, nc_error *err)
{
	_cleanup_(nc_txn_freep) nc_txn *t = nc_txn_new(f->db);
	nc_provider *now = copy_of(p);
	uint64_t seq = 0;

	if (!t || !now)
		return nc_err_nomem(err);
	nc_code rc = note_all(c, c->doc, err);
	if (rc == NC_OK)
		rc = seal_doc(f, t, now, c, err);
	if (rc == NC_OK)
		rc = nc_model_put(t, &now->o, err);
	if (rc != NC_OK)
		return rc;
	nc_flow_event(t, &now->o, "provider.updated", "system", NULL, NULL);
	rc = nc_txn_commit(nc_steal(&t), &seq, err);
	if (rc != NC_OK)
		return rc;
	*p = *now;
	nc_model_committed(&p->o, seq);
	return NC_OK;
}

nc_code nc_provider_config_seal_stored(nc_flow *f, nc_provider *p, nc_error *err)
{
	_cleanup_(nc_provider_config_done) nc_provider_config c = { .schema = NULL };
	size_t n_plain = 0;
	nc_code rc = read_schema(f, p->plugin, &c.schema, err);

	if (rc == NC_OK)
		rc = read_doc(p, &c.doc, err);
	if (rc == NC_OK)
		rc = nc_schema_each_secret(c.schema, c.doc, count_plain, &n_plain, err);
	return rc == NC_OK && n_plain ? put_sealed(f, p, &c, err) : rc;
}
