/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/id.h"
#include "base/secret.h"
#include "plugin/inst_internal.h"
#include "plugin/loader_internal.h"
#include "plugin/schema.h"

/*
 * Secrets of an instance. Those given in plain in its configuration stay here, and the plugin gets
 * handles ("config:password#1") in their place; others come from the hook, if the manifest permits
 * them. What was opened is remembered, so that P10 can be seen: a secret in a log line, an error or
 * a result. Values never leave but into the plugin's own buffer.
 */

#define PREFIX     "config:"
#define LEAK_MIN   6 /* shorter values turn up by chance */
#define OPENED_MAX 64

typedef struct held {
	struct held *next;
	nc_secret *value;
	int is_config; /* has a handle of its own; else only remembered */
	unsigned version;
	char handle[];
} held;

struct nc_pinst_secrets {
	held *first; /* under inst_lock */
	size_t n;
};

static nc_code keep(nc_pinst *inst, const char *handle, nc_bytes value, unsigned version)
{
	size_t n = strlen(handle) + 1;
	held *h = nc_calloc(1, sizeof(*h) + n);
	nc_secret *copy = nc_secret_new(value);
	if (!h || !copy) {
		nc_free(h);
		nc_secret_free(copy);
		return NC_E_NOMEM;
	}
	h->value = copy;
	h->is_config = version > 0;
	h->version = version;
	memcpy(h->handle, handle, n);
	pthread_mutex_lock(&inst->inst_lock);
	h->next = inst->secrets->first;
	inst->secrets->first = h;
	inst->secrets->n++;
	pthread_mutex_unlock(&inst->inst_lock);
	return NC_OK;
}

/* "secret_<ULID>@<version>": a stored secret's. */
static int is_handle(const char *s)
{
	char id[NC_ID_MAX];
	const char *at = strchr(s, '@');
	size_t n = at ? (size_t)(at - s) : 0, digits = at ? strspn(at + 1, "0123456789") : 0;
	if (n == 0 || n >= sizeof(id) || digits == 0 || at[1 + digits])
		return 0;
	memcpy(id, s, n);
	id[n] = 0;
	return strncmp(id, "secret_", 7) == 0 && nc_id_is(id, NULL);
}

static int is_handle_bytes(nc_bytes handle)
{
	char text[2 * NC_ID_MAX];
	if (handle.len >= sizeof(text) || handle.len == 0)
		return 0;
	memcpy(text, handle.ptr, handle.len);
	text[handle.len] = 0;
	return is_handle(text);
}

/* The handle of the newest value of a field if it is `value`, into `out`; else a new one's. */
static int choose_handle(nc_pinst *inst, const char *field, nc_bytes value, char *out, size_t cap)
{
	unsigned version = 1;
	int is_known = 0;
	size_t n = strlen(field);
	pthread_mutex_lock(&inst->inst_lock);
	for (held *h = inst->secrets->first; h; h = h->next) {
		const char *name = h->handle + sizeof(PREFIX) - 1;
		if (!h->is_config || strncmp(name, field, n) != 0 || name[n] != '#')
			continue;
		version = h->version;
		is_known = nc_secret_eq(nc_secret_get(h->value), value);
		version += !is_known;
		break;
	}
	pthread_mutex_unlock(&inst->inst_lock);
	snprintf(out, cap, PREFIX "%s#%u", field, version);
	return is_known ? -1 : (int)version;
}

static nc_code seal_one(
	void *user, const char *field, const json_t *value, json_t **ret_new, nc_error *err)
{
	nc_pinst *inst = user;
	char handle[300];
	const char *text = json_string_value(value);
	nc_bytes bytes = { text, json_string_length(value) };
	if (!text)
		return NC_OK; /* only strings have handles */
	if (is_handle(text))
		return NC_OK; /* the hook opens it */
	int version = choose_handle(inst, field, bytes, handle, sizeof(handle));
	if (version > 0 && keep(inst, handle, bytes, (unsigned)version) != NC_OK)
		return nc_err_nomem(err);
	*ret_new = json_string(handle);
	return *ret_new ? NC_OK : nc_err_nomem(err);
}

nc_code nc_pinst_seal_config(nc_pinst *inst, const json_t *schema, json_t *config, nc_error *err)
{
	if (!inst->secrets) {
		inst->secrets = nc_calloc(1, sizeof(*inst->secrets));
		if (!inst->secrets)
			return nc_err_nomem(err);
	}
	return nc_schema_each_secret(schema, config, seal_one, inst, err);
}

/* The newest of that name: a reconfigured one stands before the former. */
static nc_secret *find_config(nc_pinst *inst, nc_bytes handle)
{
	nc_secret *copy = NULL;
	pthread_mutex_lock(&inst->inst_lock);
	for (held *h = inst->secrets ? inst->secrets->first : NULL; h; h = h->next)
		if (h->is_config && nc_bytes_eq(nc_str(h->handle), handle)) {
			copy = nc_secret_new(nc_secret_get(h->value));
			break;
		}
	pthread_mutex_unlock(&inst->inst_lock);
	return copy;
}

static int is_remembered(nc_pinst *inst, nc_bytes value)
{
	int is_there = 0;
	pthread_mutex_lock(&inst->inst_lock);
	for (held *h = inst->secrets->first; h && !is_there; h = h->next)
		is_there = nc_secret_eq(nc_secret_get(h->value), value);
	is_there = is_there || inst->secrets->n >= OPENED_MAX;
	pthread_mutex_unlock(&inst->inst_lock);
	return is_there;
}

static nc_code ask_hook(nc_pinst *inst, nc_bytes handle, nc_secret **ret, nc_error *err)
{
	nc_plugin_hooks hooks;
	/* A handle is its own permission: it can't be guessed, the kernel gave it. A name is not. */
	if (!is_handle_bytes(handle) &&
		!nc_manifest_may_open_secret(inst->found->manifest, handle)) {
		nc_err(err, NC_E_DENIED, "plugin %s may not open the secret %.*s", inst->found->id,
			(int)NC_MIN(handle.len, (size_t)100), (const char *)handle.ptr);
		return nc_err_hint(err, NC_E_DENIED,
			"its manifest must list the secret under permissions.secrets");
	}
	if (!nc_pinst_speak(inst, &hooks))
		return nc_err(err, NC_E_UNAVAILABLE, "instance %s is closed", inst->name);
	nc_code rc = hooks.secret_open
			     ? hooks.secret_open(hooks.user, inst, handle, ret, err)
			     : nc_err(err, NC_E_UNAVAILABLE, "secrets can't be opened yet");
	nc_pinst_spoke(inst);
	return rc;
}

nc_code nc_pinst_secret_open(
	nc_pinst *inst, nc_bytes handle, void *buf, size_t cap, size_t *ret_len, nc_error *err)
{
	const size_t n_prefix = sizeof(PREFIX) - 1;
	_cleanup_(nc_secret_freep) nc_secret *secret = NULL;
	if (handle.len >= n_prefix && memcmp(handle.ptr, PREFIX, n_prefix) == 0) {
		secret = find_config(inst, handle);
		if (!secret)
			return nc_err(err, NC_E_NOTFOUND,
				"no such secret in the configuration of %s", inst->name);
	} else {
		nc_code rc = ask_hook(inst, handle, &secret, err);
		if (rc != NC_OK)
			return rc;
	}
	nc_bytes value = nc_secret_get(secret);
	if (value.len > cap)
		return nc_err(err, NC_E_INVAL, "the secret has %zu bytes, there is room for %zu",
			value.len, cap);
	if (!is_remembered(inst, value))
		(void)keep(inst, "", value, 0); /* without it P10 is not seen, no more */
	if (value.len)
		memcpy(buf, value.ptr, value.len);
	*ret_len = value.len;
	return NC_OK;
}

int nc_pinst_leaks(nc_pinst *inst, nc_bytes text)
{
	int leaks = 0;
	if (text.len < LEAK_MIN)
		return 0;
	pthread_mutex_lock(&inst->inst_lock);
	for (held *h = inst->secrets ? inst->secrets->first : NULL; h && !leaks; h = h->next) {
		nc_bytes v = nc_secret_get(h->value);
		leaks = v.len >= LEAK_MIN && memmem(text.ptr, text.len, v.ptr, v.len) != NULL;
	}
	pthread_mutex_unlock(&inst->inst_lock);
	return leaks;
}

void nc_pinst_drop_secrets(nc_pinst *inst)
{
	pthread_mutex_lock(&inst->inst_lock);
	struct nc_pinst_secrets *s = inst->secrets;
	inst->secrets = NULL;
	pthread_mutex_unlock(&inst->inst_lock);
	for (held *h = s ? s->first : NULL, *next; h; h = next) {
		next = h->next;
		nc_secret_free(h->value);
		nc_free(h);
	}
	nc_free(s);
}
