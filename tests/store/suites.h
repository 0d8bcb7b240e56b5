/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ST_SUITES_H
#define ST_SUITES_H

#include "harness.h"
#include "model.h"

/* The conformance suite's tables. */
extern const st_test st_log_tests[], st_state_tests[], st_trim_tests[], st_backup_tests[],
	st_crash_tests[], st_damage_tests[], st_disk_tests[], st_thread_tests[];

/* The other program that suite_crash.c runs: argv of the child, see there. */
int st_crash_child(int argc, char **argv);

#endif
