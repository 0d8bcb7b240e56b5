/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_GUEST_H
#define SIM_GUEST_H

#include "verb.h"

/* What the verbs on guests share. Under the lock. */

/*
 * The guest a request means, by native id, else by uuid; on the call's target, with the request's
 * installation and object in its tag. NC_E_NOTFOUND, NC_E_CONFLICT.
 */
nc_code sim_guest_find(const sim_call *call, const char *native_id, const char *uuid,
	const nc_tag *tag, sim_guest **ret, nc_error *err);
/* NC_E_CONFLICT when what is there carries another owner's tag. */
nc_code sim_check_owner(const char *what, const char *native_id, const sim_tag *has,
	const nc_tag *wants, nc_error *err);
sim_tag sim_tag_of(const nc_tag *tag);

/* Strings that live as long as the answer. */
const char *sim_format(nc_msg_mem *mem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The message of inventory and nc.report; what it points to lives in mem and doc. */
nc_code sim_guest_message(const struct nc_inst *inst, const sim_guest_doc *doc, nc_msg_mem *mem,
	nc_compute_guest *ret);
/* What it has now: nothing before it has booted. */
nc_code sim_guest_addresses(const struct nc_inst *inst, const sim_guest_doc *doc, nc_msg_mem *mem,
	const nc_address **ret, size_t *ret_n);

/* Whether `more` fits on the host beside what is there. NC_E_QUOTA naming what is short. */
nc_code sim_check_room(
	const struct nc_inst *inst, const sim_host *host, const sim_size *more, nc_error *err);
nc_code sim_check_pool(
	const struct nc_inst *inst, const sim_pool *pool, int64_t more_gib, nc_error *err);
/* The pool of that name as a guest on `host` can use it; NULL name = the host's own. */
nc_code sim_pool_for(const struct nc_inst *inst, const sim_host *host, const char *name,
	sim_pool **ret, nc_error *err);
/* A volume that a guest on `host` can take now. */
nc_code sim_volume_for(const struct nc_inst *inst, const sim_host *host, const char *native_id,
	const sim_volume_doc **ret, nc_error *err);

/* A nic as asked for, with an address; NC_E_NOTFOUND when its network is not there. */
nc_code sim_nic_make(
	struct nc_inst *inst, const nc_nic *want, nc_msg_mem *mem, sim_nic_doc *ret, nc_error *err);

/* verbs_guest.c: a disk made with the guest stays as a volume (its native id; NULL: no memory), and
 * an attached volume is let go. */
const char *sim_keep_disk(sim_call *call, const sim_guest_doc *g, const sim_disk_doc *disk);
void sim_release_volume(sim_call *call, const char *native_id);

/* A running guest, or NC_E_CONFLICT: `to` says what for. */
nc_code sim_check_running(const sim_guest_doc *doc, const char *to, nc_error *err);

/* `n` items of `size` copied, with room for `more` zeroed ones behind; NULL: no memory. */
void *sim_list_copy(nc_msg_mem *mem, const void *items, size_t n, size_t size, size_t more);

_Static_assert((int)SIM_POWER_RUNNING == (int)NC_POWER_RUNNING &&
		       (int)SIM_POWER_CRASHED == (int)NC_POWER_CRASHED,
	"power goes alike in the truth and in messages");

#endif
