/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ST_SQLITE_SUITES_H
#define ST_SQLITE_SUITES_H

#include "harness.h"

/* Tables of what only SQLite's store is asked. */
extern const st_test st_torture_tests[], st_files_tests[], st_pages_tests[], st_broken_tests[];

#endif
