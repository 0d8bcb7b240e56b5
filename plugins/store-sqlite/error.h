/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_ERROR_H
#define SS_ERROR_H

#include <sqlite3.h>

#include "novacron/abi.h"
#include "util.h"

/* Fills *err (which may be NULL) and gives `code` back. Messages are one line, lower case. */
nc_code ss_fail(nc_error *err, nc_code code, const char *hint, const char *fmt, ...)
	ss_printf(4, 5);
/* From errno: "could not <doing> "path": no such file". */
nc_code ss_fail_errno(nc_error *err, int errnum, const char *doing, const char *path);
nc_code ss_fail_nomem(nc_error *err, const char *doing);
/* From the last failure of a connection: "could not <doing> in "path": database is full". */
nc_code ss_fail_db(nc_error *err, sqlite3 *db, const char *doing, const char *path);

/* A part of a file that can't be read or makes no sense, as against a call that failed. */
bool ss_is_damage(int rc);
/* Nothing could be written for want of room or of rights; reading may go on. */
bool ss_is_refusal(const nc_error *err);
/* After this failure of a COMMIT or checkpoint nobody knows what is on the disk. */
bool ss_is_outcome_unknown(sqlite3 *db, int rc);

#endif
