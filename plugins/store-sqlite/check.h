/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_CHECK_H
#define SS_CHECK_H

#include "conn.h"
#include "novacron/store.h"

/*
 * Looks at everything in the two files and passes each fault to `cb`. NC_OK: all was looked at,
 * *ret_faults were found; otherwise cb's own answer, or why the looking failed.
 */
nc_code ss_check_files(ss_conn *log, ss_conn *state, nc_fault_cb cb, void *arg,
	uint64_t *ret_faults, nc_error *err);

#endif
