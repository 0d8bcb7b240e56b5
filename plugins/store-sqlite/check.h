/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_CHECK_H
#define SS_CHECK_H

#include "conn.h"
#include "gate.h"
#include "novacron/store.h"

typedef struct ss_checked {
	ss_conn *log, *state;
	bool tells_recorded; /* also losses that a rebuilt state.db records: nothing new */
} ss_checked;

/*
 * Looks at everything in the two files and passes each fault to `cb`. NC_OK: all was looked at,
 * *ret_faults were found; otherwise cb's own answer, or why the looking failed.
 */
nc_code ss_check_files(
	const ss_checked *files, nc_fault_cb cb, void *arg, uint64_t *ret_faults, nc_error *err);
/* What runs on this connection ends when the gate closes. */
void ss_check_until(ss_conn *c, ss_gate *gate);
/* An nc_fault_cb: keeps the first fault as a text, `arg` of 200 bytes, and ends the looking. */
nc_code ss_first_fault(void *arg, uint32_t space, nc_bytes key, uint64_t seq, const char *what);

#endif
