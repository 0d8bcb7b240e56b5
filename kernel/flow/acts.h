/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_ACTS_H
#define NC_FLOW_ACTS_H

#include "flow/internal.h"

/*
 * What a kind does beyond being a plain object: each hook works on the stage, which already has
 * the object, and may put an operation on it. NULL = nothing special. Inside a read section: no
 * blocking.
 */
typedef struct nc_sub_ask { /* POST, PATCH or DELETE of an element of a list */
	const char *field;  /* "disks" */
	const char *sub_id; /* NULL = add */
	const json_t *body; /* NULL = remove */
} nc_sub_ask;

typedef struct nc_special {
	const nc_kind *kind;
	nc_code (*create)(nc_stage *s, const nc_root *r, nc_error *err);
	nc_code (*changed)(nc_stage *s, const nc_root *r, const nc_change *change, nc_error *err);
	nc_code (*remove)(nc_stage *s, const nc_root *r, nc_delete_how how, nc_error *err);
	/* An element of one of its lists: does all of it, faults go to the act. */
	nc_code (*sub)(nc_stage *s, const nc_root *r, const nc_sub_ask *ask, nc_error *err);
	int keeps_users; /* its own remove looks at who uses it */
} nc_special;

extern const nc_special nc_vm_special, nc_provider_special, nc_network_special, nc_volume_special,
	nc_snapshot_special, nc_schedule_special;
/* NC_E_CONFLICT: nothing in it is made or changed. project NULL: of none. */
nc_code nc_project_check_enabled(const nc_root *r, const char *project, nc_error *err);
/* A snapshot's acts where it is of a volume. */
nc_code nc_volume_snapshot_create(nc_stage *s, const nc_root *r, nc_error *err);
nc_code nc_volume_snapshot_remove(nc_stage *s, nc_error *err);
/* An operator says on which host it is: one of the two, where a migration left that open. */
nc_code nc_vm_say_host(nc_stage *s, const nc_root *r, const char *host, nc_error *err);

#endif
