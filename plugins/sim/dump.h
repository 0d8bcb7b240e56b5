/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DUMP_H
#define SIM_DUMP_H

#include "inst.h"

/*
 * All that lives, as records like those of acts, in portions: for compaction and for nc.state.
 * Under the lock; between portions acts may happen if they are recorded as well.
 */
typedef void (*sim_emit_fn)(void *user, const sim_record *rec);
void sim_dump_begin(struct nc_inst *inst);
bool sim_dump_next(struct nc_inst *inst, sim_emit_fn emit, void *user); /* false: that was all */

/* Begin a compaction if the file has grown long beside what lives. After each commit. */
void sim_compact_if_due(struct nc_inst *inst);
/* Its timer is due: one portion. */
void sim_compact_step(struct nc_inst *inst);

nc_code sim_state_save(nc_inst *inst, uint32_t *ret_version, nc_sink *sink, nc_error *err);
nc_code sim_state_load(nc_inst *inst, uint32_t version, nc_bytes blob, nc_error *err);

#endif
