/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "model/tenancy.h"

/* What a project may hold at most. */

const char *const nc_quota_words[NC_QUOTA_WORDS] = { "vcpus", "memory_mib", "disk_gib", "vms" };

static const nc_field_def limit_fields[] = {
	NC_FIELD_STR(nc_limit, resource, "resource", .flags = NC_FF_REQUIRED | NC_FF_UNIQUE,
		.max_len = 63, .doc = "vcpus, memory_mib, disk_gib or vms"),
	NC_FIELD_I64(nc_limit, limit, "limit", .min = -1, .max = INT64_MAX,
		.doc = "At most so many; -1: no limit"),
};
const nc_sub_def nc_limit_def = NC_SUB_DEF("Limit", limit_fields, nc_limit, NULL, NULL);

static const nc_field_def fields[] = {
	NC_FIELD_OBJS(
		nc_quota_obj, limits, "limits", &nc_limit_def, .doc = "What is not here is free"),
};

static void normalize(nc_object *obj, nc_unused nc_faults *f)
{
	if (!obj->name)
		obj->name = "default"; /* one a project */
}

/* A word that nobody counts would let everything through. */
static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_quota_obj *q = NC_AS(const nc_quota_obj, obj);
	for (size_t i = 0; i < q->n_limits; i++) {
		const char *word = q->limits[i].resource, *close;
		char path[64];
		size_t k = 0;
		while (word && k < NC_QUOTA_WORDS && strcmp(word, nc_quota_words[k]) != 0)
			k++;
		if (!word || k < NC_QUOTA_WORDS)
			continue;
		snprintf(path, sizeof(path), "limits[%zu].resource", i);
		nc_fault_add(f, nc_arena_strdup(f->arena, path), "choice",
			"nobody counts \"%.63s\": it must be vcpus, memory_mib, disk_gib or vms",
			word);
		if ((close = nc_did_you_mean(word, nc_quota_words, NC_QUOTA_WORDS)))
			nc_fault_hint(f, "did you mean \"%s\"?", close);
	}
}

const nc_kind nc_kind_quota = {
	NC_KIND_TABLE(QUOTA, "quota", "quotas", "quo", nc_quota_obj, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.normalize = normalize,
	.validate = validate,
	.doc = "What a project may hold at most",
};
