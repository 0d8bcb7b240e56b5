/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_SIM_STAGE_H
#define NC_TESTS_SIM_STAGE_H

#include "sim/inst.h"
#include "testing.h"
#include "try.h"

/*
 * A simulated provider in this process, on the conformance kit's host: the tests speak to it as
 * the kernel would. `config` is JSON; "$T" in it is the path of the test's truth file.
 */
typedef struct sim_stage {
	kit_stage stage;
	kit_host *host;
} sim_stage;

/* False and a failed check when create fails; what it said is in *err (may be NULL). */
int sim_stage_open(sim_stage *s, const char *config, nc_error *err);
/* The same of a table that a test has changed. */
int sim_stage_open_as(sim_stage *s, const nc_plugin *plugin, const char *config, nc_error *err);
void sim_stage_close(
	sim_stage *s);             /* destroy; the host stays for late callers, as the kit has it */
const char *sim_stage_truth(void); /* path of the truth file */

/* One verb on a freshly prepared stage, waited for. Outcome, or -1 when it was refused. */
int sim_stage_run(sim_stage *s, const char *verb, const char *key, kit_op **ret);
int sim_stage_recover(sim_stage *s, const char *verb, const char *key); /* NC_REC_* */
/* How many objects a query has. */
size_t sim_stage_count(sim_stage *s, const char *query, const char *target);

#endif
