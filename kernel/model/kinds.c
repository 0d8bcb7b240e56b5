/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <pthread.h>
#include <string.h>

#include "base/err.h"
#include "base/id.h"
#include "model/member.h"
#include "model/model.h"
#include "model/problem.h"

/*
 * The list of all kinds and what can be asked of it. Const, but for the table for the store, which
 * is made once. Any thread.
 */

#define POINTER(number, upper, lower) &nc_kind_##lower,
const nc_kind *const nc_kinds[] = { NC_KINDS(POINTER) };
const size_t nc_n_kinds = NC_LEN(nc_kinds);

#define BY_NUMBER(number, upper, lower) [number] = &nc_kind_##lower,
static const nc_kind *const by_number[NC_KIND_LIMIT] = { NC_KINDS(BY_NUMBER) };

const nc_kind *nc_kind_get(uint16_t number)
{
	return number < NC_KIND_LIMIT ? by_number[number] : NULL;
}

/* '-' and '_' are the same here. */
static int is_word(const char *word, const char *name)
{
	for (; *word && *name; word++, name++) {
		char a = *word == '-' ? '_' : *word, b = *name == '-' ? '_' : *name;
		if (a != b)
			return 0;
	}
	return *word == *name;
}

const nc_kind *nc_kind_find(const char *word)
{
	for (size_t i = 0; i < nc_n_kinds; i++)
		if (is_word(word, nc_kinds[i]->name) || is_word(word, nc_kinds[i]->plural))
			return nc_kinds[i];
	return NULL;
}

const nc_kind *nc_kind_of_id(const char *id)
{
	size_t n;
	if (!nc_id_is(id, &n))
		return NULL;
	for (size_t i = 0; i < nc_n_kinds; i++) {
		const char *prefix = nc_kinds[i]->id_prefix;
		if (strlen(prefix) == n && memcmp(prefix, id, n) == 0)
			return nc_kinds[i];
	}
	return NULL;
}

static const char *verb_word(unsigned verb)
{
	return verb == NC_CAN_CREATE ? "created" : verb == NC_CAN_UPDATE ? "changed" : "deleted";
}

int nc_kind_is_to_come(const nc_kind *k)
{
	return k->feature && strncmp(k->feature, "kernel.", 7) == 0;
}

/* What serves instead of a part that is to come. */
static const struct {
	const char *feature, *until;
} untils[] = {
	{ "kernel.identity", "the Unix socket tells who somebody is: server.socket_group and "
			     "server.uid_map give "
			     "the roles" },
	{ "kernel.images", "a disk is made empty, or from a volume or a snapshot" },
	{ "kernel.first_boot", "user_data of a VM can put keys in" },
	{ "kernel.secrets", "user_data and a provider's config are sealed where they are given" },
	{ "kernel.subnets",
		"a network has one range of addresses: novacron network create NAME --set "
		"cidr=10.0.0.0/24" },
	{ "kernel.ports", "a NIC is plugged into a network: novacron vm nic attach VM" },
};

/* One of these that is there is left by another version; it may go. */
static nc_code check_to_come(const nc_kind *k, unsigned verb, nc_error *err)
{
	if (verb == NC_CAN_DELETE)
		return NC_OK;
	nc_code rc = nc_problem_err(
		err, "unsupported", "there is nothing here that serves %s", k->plural);
	for (size_t i = 0; i < NC_LEN(untils); i++)
		if (!strcmp(untils[i].feature, k->feature))
			return nc_err_hint(err, rc, "until then: %s", untils[i].until);
	return nc_err_hint(err, rc, "this version does not serve them yet");
}

nc_code nc_kind_check_verb(
	const nc_kind *k, unsigned verb, nc_has_feature_fn has_feature, void *ctx, nc_error *err)
{
	if (!(k->verbs & verb)) {
		nc_code rc = nc_problem_err(err, "unsupported", "a %s can't be %s by a request",
			k->name, verb_word(verb));
		return nc_err_hint(err, rc, "the kernel makes and keeps these itself");
	}
	if (nc_kind_is_to_come(k))
		return check_to_come(k, verb, err);
	int has = !k->feature ? 1 : has_feature ? has_feature(ctx, k->feature) : 0;
	if (has < 0) {
		nc_code rc = nc_problem_err(err, "unavailable",
			"no provider that is open serves a %s, and one is not open yet", k->name);
		if (err)
			err->retry_after_ms = 1000;
		return nc_err_hint(err, rc, "try again; novacron provider list shows which");
	}
	if (!has) {
		nc_code rc = nc_problem_err(
			err, "unsupported", "there is nothing here that serves a %s", k->name);
		return nc_err_hint(err, rc, "add a provider whose driver has %s", k->feature);
	}
	return NC_OK;
}

/* ---- for the store ---- */

static nc_kind_def defs[NC_KIND_LIMIT];
static nc_index_def indexes[NC_KIND_LIMIT][NC_DB_INDEXES_MAX];
static uint32_t n_defs;
static pthread_once_t defs_once = PTHREAD_ONCE_INIT;

static void define(const nc_kind *k, nc_kind_def *def, nc_index_def *ix)
{
	static const nc_index_def common[NC_IX_OWN] = {
		[NC_IX_NAME] = { "name", 1 },
		[NC_IX_PROJECT] = { "project", 0 },
		[NC_IX_LABEL] = { "label", 0 },
		[NC_IX_REF] = { "reference", 0 },
		[NC_IX_SHARED] = { "shared_name", 0 },
		[NC_IX_STATUS] = { "status", 0 },
	};
	memcpy(ix, common, sizeof(common));
	for (uint8_t i = 0; i < k->n_own_indexes; i++)
		ix[NC_IX_OWN + i] =
			(nc_index_def){ k->own_indexes[i], (uint8_t)(k->own_unique >> i & 1u) };
	*def = (nc_kind_def){ .number = k->number,
		.n_indexes = (uint16_t)(NC_IX_OWN + k->n_own_indexes),
		.name = k->name,
		.indexes = ix,
		.shape = k->shape };
}

static void make_defs(void)
{
	for (size_t i = 0; i < nc_n_kinds; i++) {
		if (nc_kinds[i]->flags & (NC_KF_LANE | NC_KF_SUB))
			continue;
		define(nc_kinds[i], &defs[n_defs], indexes[n_defs]);
		n_defs++;
	}
}

const nc_kind_def *nc_model_kind_defs(uint32_t *ret_n)
{
	pthread_once(&defs_once, make_defs);
	*ret_n = n_defs;
	return defs;
}

/* ---- older shapes ---- */

static nc_code upgrade_body(
	const nc_kind *k, uint16_t from, nc_bytes body, nc_arena *a, nc_object **ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_code rc = nc_json_parse(body, NC_STORE_VAL_MAX, &j, err);
	if (!rc)
		rc = k->upgrade(from, j, err);
	if (rc)
		return rc;
	nc_bytes out;
	if (nc_json_text(j, a, NC_STORE_VAL_MAX, &out))
		return nc_err_nomem(err);
	return nc_object_decode(k, out, a, ret, err);
}

nc_code nc_kind_upgrade(const nc_kind *k, const nc_item *old, nc_item **ret, nc_error *err)
{
	if (!k || old->shape > k->shape)
		return nc_err(err, NC_E_UNSUPPORTED, "%s %s was written by a newer version",
			k ? k->name : "object", nc_item_id(old));
	if (!k->upgrade || k->flags & NC_KF_BINARY)
		return nc_err(err, NC_E_UNSUPPORTED, "%s %s has shape %u, which can't be read",
			k->name, nc_item_id(old), old->shape);
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new((size_t)4 << 20);
	if (!a)
		return nc_err_nomem(err);
	nc_object *obj;
	nc_code rc = upgrade_body(k, old->shape, nc_item_body(old), a, &obj, err);
	if (rc)
		return rc;
	nc_item *item = nc_model_item(obj, err);
	if (!item)
		return NC_E_NOMEM;
	*ret = item;
	return NC_OK;
}

nc_code nc_model_upgrade(nc_unused void *ctx, const nc_item *old, nc_item **ret, nc_error *err)
{
	return nc_kind_upgrade(nc_kind_get(old->kind), old, ret, err);
}
