/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_SCHEMA_H
#define SS_SCHEMA_H

#include "conn.h"

#define SS_SCHEMA_VERSION 1u

typedef enum { SS_LOG_FILE = 0, SS_STATE_FILE = 1 } ss_file;
#define SS_FILES 2

/*
 * Makes an empty file's tables, or brings an older file's to this version after copying the file
 * beside as "<path>.v<old>-<time>". NC_E_UNSUPPORTED: the file is newer than this build.
 */
nc_code ss_schema_prepare(ss_conn *c, ss_file file, nc_error *err);
/* The same without changing anything: *ret_version of a file with tables. */
nc_code ss_schema_check(ss_conn *c, nc_error *err);

#endif
