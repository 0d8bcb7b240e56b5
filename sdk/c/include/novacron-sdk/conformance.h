/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_SDK_CONFORMANCE_H
#define NOVACRON_SDK_CONFORMANCE_H

/*
 * The conformance kit: loads a plugin's folder with a host of its own and checks the rules P1 to
 * P12 and each verb the plugin claims. Every check runs in a child process with a time limit, so
 * that a crash or a hang is a finding and not the end. Both ways a daemon may run it are tried: its
 * code in the child itself, and in nc-plugin-host, which is looked for beside the program.
 *
 * A plugin tells how it wants to be tried in conformance.json beside its manifest (all optional):
 *
 *	{ "config": {…},	configuration of the instance; secrets as handles of any name
 *	  "target": "…",	host to make guests on; absent: the first that fingerprint lists
 *	  "destination": "…",	host to migrate to; absent: the second
 *	  "network": "…",	absent: the first that the target lists
 *	  "pool": "…",		absent: the last that the target lists
 *	  "image": "…",		absent: none
 *	  "time_ms": N,		how long one verb may take; absent: 10000
 *	  "jobs": N }		checks at a time, each with an instance of its own; absent: 1
 */

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nc_conformance_isolations {
	NC_CONFORMANCE_BOTH, /* in process only, and a word about it, where there is no nc-plugin-host */
	NC_CONFORMANCE_IN_PROCESS,
	NC_CONFORMANCE_PROCESS
} nc_conformance_isolations;
/* By its word in a configuration: "both", "in_process", "process"; -1: it is none. */
int nc_conformance_isolation(const char *word);

typedef struct nc_conformance_options {
	const char *path;         /* folder with manifest.json */
	const char *settings;     /* path in place of PATH/conformance.json; NULL: that */
	const char *only;         /* part of a rule's or verb's name; NULL: all */
	FILE *table, *json;       /* where to print; NULL: not */
	unsigned check_timeout_s; /* of one check; 0 = 60 */
	int isolation;            /* NC_CONFORMANCE_* */
} nc_conformance_options;

/* 0: nothing failed and something passed; 1: a rule or verb failed; 2: the plugin can't be tried at
 * all (no folder, bad settings); 4: not for this ABI or platform. Forks; call it from a process
 * without other threads. */
int nc_conformance_run(const nc_conformance_options *options);

#ifdef __cplusplus
}
#endif
#endif
