/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "inst.h"

/*
 * Streams: serial consoles that echo, backups, and bytes to measure a path with. One thread of the
 * instance serves all of them, started with the first.
 */
nc_code sim_stream_open(
	nc_inst *inst, nc_op op, nc_bytes target, nc_bytes spec, int32_t fd, nc_error *err);
/* End the stream of `op`, or all when op is 0. Any thread but the streams' own; returns at once. */
void sim_streams_stop(struct nc_inst *inst, nc_op op, int32_t reason);
/* End all, complete their operations, join the thread. */
void sim_streams_join(struct nc_inst *inst);

#endif
