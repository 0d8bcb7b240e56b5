/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_REMOTE_H
#define NC_PLUGIN_REMOTE_H

#include "plugin/hostproc.h"

/* An instance in a process: put it into the one that runs now, or take it out of one that is gone.
 * For restart.c; nc_remote_open (inst_internal.h) does the first. */
nc_code nc_remote_attach(nc_pinst *inst, nc_hostproc *h, nc_error *err);
void nc_remote_detach(nc_pinst *inst);

#endif
