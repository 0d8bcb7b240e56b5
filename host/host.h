/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HOST_HOST_H
#define NC_HOST_HOST_H

#include <stdint.h>

#include "plugin/rt.h"
#include "plugin/wire.h"

/*
 * Inside nc-plugin-host. main.c: how it is started; probe.c: a look at a plugin that may kill us;
 * serve.c: instances and calls over the socket; up.c: what the plugin says, as frames.
 */

int nc_host_probe(void); /* exit status */
int nc_host_serve(void);

/* One instance; `up` and `user` of its runtime. Made and freed by the main thread of serve.c. */
typedef struct nc_host_inst {
	uint32_t number;
	nc_rt *rt; /* NULL: it could not be made, and calls answer `why` */
	nc_error why;
	int reports_lost; /* under reports_lock of up.c */
} nc_host_inst;

/* ---- up.c ---- */
extern const nc_rt_up nc_host_up;
void nc_host_late(void *unused, const char *function);
/* An answer from the daemon to a question that a plugin's thread waits with. */
void nc_host_take_answer(const nc_frame *f);
/* A call that was never begun. */
void nc_host_refuse(uint32_t inst, uint64_t call, const nc_error *err);
/* Send, waiting for room; when the daemon is gone, so are we. */
void nc_host_send(const nc_frame *f);

#endif
