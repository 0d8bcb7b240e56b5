/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_MIGRATE_H
#define SS_MIGRATE_H

#include "schema.h"

/* From `version`, older than SS_SCHEMA_VERSION, to it. A copy of the file lies beside then. */
nc_code ss_migrate(ss_conn *c, ss_file file, int64_t version, nc_error *err);

#endif
