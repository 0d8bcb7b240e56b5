/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_TIP_H
#define SS_TIP_H

#include <pthread.h>

#include "meta.h"
#include "novacron/abi.h"

/* What the instance knows of the log without asking the file: where it ends, and who leads. */
typedef struct ss_tip {
	pthread_mutex_t tip_lock; /* guards all that follows; nothing else is taken under it */
	pthread_cond_t tip_moved;
	uint64_t epoch; /* that this instance leads with; 0 = it does not */
	uint64_t head;  /* durable */
	uint64_t wakes; /* counts interruptions of waiting readers */
	uint64_t lease_until_ns;
	char node[SS_NODE_MAX + 1];
} ss_tip;

void ss_tip_init(ss_tip *t);
void ss_tip_done(ss_tip *t);
void ss_tip_set_head(ss_tip *t, uint64_t head); /* and wakes who waits for it */
uint64_t ss_tip_head(ss_tip *t);
/* Returns when the head is past `after`, the time is over, or ss_tip_wake was called since
 * ss_tip_wakes gave `wakes`. */
void ss_tip_wait(ss_tip *t, uint64_t after, uint64_t wakes, uint32_t wait_ms);
uint64_t ss_tip_wakes(ss_tip *t);
void ss_tip_wake(ss_tip *t);

/* NC_E_CONFLICT unless this instance leads with `epoch`. */
nc_code ss_tip_fence(ss_tip *t, uint64_t epoch, nc_error *err);
/* Lease still held: by `node` → it is prolonged, *ret_epoch is set; by another → NC_E_BUSY.
 * Not held: NC_OK with *ret_epoch 0. */
nc_code ss_tip_renew(
	ss_tip *t, const char *node, uint32_t ttl_ms, uint64_t *ret_epoch, nc_error *err);
void ss_tip_lead(ss_tip *t, const char *node, uint32_t ttl_ms, uint64_t epoch, uint64_t head);
void ss_tip_step_down(ss_tip *t); /* the files were closed */

#endif
