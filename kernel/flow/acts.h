/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_ACTS_H
#define NC_FLOW_ACTS_H

#include "flow/internal.h"

/*
 * What a kind does beyond being a plain object: each hook works on the stage, which already has
 * the object, and may put an operation on it. NULL = nothing special. Inside a read section: no
 * blocking.
 */
typedef struct nc_special {
	const nc_kind *kind;
	nc_code (*create)(nc_stage *s, const nc_root *r, nc_error *err);
	nc_code (*changed)(nc_stage *s, const nc_root *r, const nc_change *change, nc_error *err);
	nc_code (*remove)(nc_stage *s, const nc_root *r, nc_delete_how how, nc_error *err);
	int keeps_users;             /* its own remove looks at who uses it */
	const char *sub_unsupported; /* why its sub-resources can't be changed yet */
} nc_special;

extern const nc_special nc_vm_special, nc_provider_special, nc_schedule_special;

#endif
