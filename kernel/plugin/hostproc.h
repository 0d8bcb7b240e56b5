/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_HOSTPROC_H
#define NC_PLUGIN_HOSTPROC_H

#include "plugin/inst_internal.h"
#include "plugin/wire.h"

struct nc_found;

/*
 * One running nc-plugin-host, seen from the daemon: its socket, its process, the instances that live
 * in it. Made by the supervisor, served by the io loop, refcounted because both and every instance
 * hold it. It is never started again: a restart makes a new one.
 */
typedef struct nc_hostproc nc_hostproc;

/* On the supervisor. `memfd` is borrowed. It is f->process from then on, with a reference of its own;
 * *ret is the caller's. */
nc_code nc_hostproc_start(struct nc_found *f, int memfd, nc_hostproc **ret, nc_error *err);
/* Until the plugin is mapped there, or was refused. Not on the io loop. */
nc_code nc_hostproc_wait_ready(nc_hostproc *h, int64_t timeout_us, nc_error *err);
nc_hostproc *nc_hostproc_ref(nc_hostproc *h);
void nc_hostproc_unref(nc_hostproc *h);
NC_DEFINE_CLEANUP(nc_hostproc *, nc_hostproc_unref);
/* Take its socket away and see to it that it ends; no restart follows. Waits; not on the io loop. */
void nc_hostproc_end(nc_hostproc *h);
/* Kill it; what follows is as if it had crashed. Any thread. */
void nc_hostproc_kill(nc_hostproc *h, const char *why);
/* After a restart nobody waits: kill it if it is not ready by then. */
void nc_hostproc_kill_unless_ready(nc_hostproc *h, int64_t timeout_us);
int64_t nc_hostproc_pid(const nc_hostproc *h);

/* ---- for remote.c ---- */

/* A number for an instance; events for it go to `inst` until detached. NC_E_UNAVAILABLE: gone. */
nc_code nc_hostproc_attach(nc_hostproc *h, nc_pinst *inst, uint32_t *ret_number, nc_error *err);
void nc_hostproc_detach(nc_hostproc *h, uint32_t number);
size_t nc_hostproc_instances(nc_hostproc *h);
/* Never blocks. NC_E_UNAVAILABLE when it is gone. */
nc_code nc_hostproc_send(nc_hostproc *h, const nc_frame *f, nc_error *err);
/* Waits for CLOSED of that number and gives its code; NC_E_TIMEOUT also when none comes, NC_OK when
 * the process is gone. */
nc_code nc_hostproc_wait_closed(nc_hostproc *h, uint32_t number, int64_t until_us);
/* Until the process that was killed has ended, or that time. */
void nc_hostproc_wait_gone(nc_hostproc *h, int64_t until_us);

/* ---- for ask.c ---- */

/* Take one of the places for questions under way; 0 when there is none. */
int nc_hostproc_take_ask(nc_hostproc *h);
void nc_hostproc_give_ask(nc_hostproc *h);
/* Have a question (secret, kv) answered on the service pool. On the io loop. */
void nc_ask_begin(nc_hostproc *h, nc_pinst *inst, const nc_frame *f);

#endif
