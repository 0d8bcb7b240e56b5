/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_TENANCY_H
#define NC_MODEL_TENANCY_H

#include "model/object.h"

/* Projects and what they may use. */
typedef struct nc_project {
	nc_object o; /* status: active disabled */
	int is_enabled;
	const char *parent;          /* ref */
	const char *default_network; /* ref */
	const char *owner;           /* ref: user */
} nc_project;

typedef struct nc_limit {
	const char *resource; /* one of nc_quota_words */
	int64_t limit;        /* -1 = none */
} nc_limit;

typedef struct nc_quota_obj { /* of one project: o.project; its name is "default" */
	nc_object o;
	nc_limit *limits;
	size_t n_limits;
} nc_quota_obj;

typedef struct nc_reservation {
	nc_object o; /* status: pending active expired */
	int64_t vcpus, memory_mib, disk_gib;
	const char *host, *zone, *vm_group; /* refs; NULL = anywhere */
	int64_t starts_at_ms, ends_at_ms;
} nc_reservation;

/* What a project is counted: what hosts have, then how many VMs. */
#define NC_QUOTA_WORDS 4
extern const char *const nc_quota_words[NC_QUOTA_WORDS];
extern const nc_sub_def nc_limit_def;

#endif
