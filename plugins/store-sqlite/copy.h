/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_COPY_H
#define SS_COPY_H

#include "conn.h"

/* The file behind `c` as of now into a new file, readable by the owner alone, which is removed on
 * failure. Writers go on meanwhile. Not synced. NC_E_EXISTS: `path` is there. */
nc_code ss_copy_db(ss_conn *c, const char *path, nc_error *err);

#endif
