/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_LOAD_H
#define NC_CONFIG_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "novacron/abi.h"

/*
 * Building a snapshot: YAML files in order, later ones override key by key, then the environment
 * (NOVACRON_SECTION_KEY). Not thread-safe against setenv; else any thread.
 */
#define NC_CONFIG_ISSUES_MAX 20

/* One thing wrong, or worth a warning. Fixed-size, so that it can be told out of memory too. */
typedef struct nc_config_issue {
	nc_code code;          /* NC_E_INVAL, or NC_E_UNSUPPORTED: right, but not there yet */
	char source[256];      /* file, or environment variable */
	uint32_t line, column; /* from 1; 0 = no place in a file */
	char key[96];          /* "server.api_port"; "" when the document itself is at fault */
	char value[96];        /* as written, cut; "(secret)" for a secret key */
	char message[320];
	char hint[320]; /* what would be right */
} nc_config_issue;

/* All faults and warnings of one load, the first NC_CONFIG_ISSUES_MAX of each kept. */
typedef struct nc_config_report {
	size_t n_faults, n_warnings; /* how many there were; kept: at most NC_CONFIG_ISSUES_MAX */
	nc_config_issue fault[NC_CONFIG_ISSUES_MAX];
	nc_config_issue warning[NC_CONFIG_ISSUES_MAX];
} nc_config_report;

/* "config.yaml:12:3: server.api_port: 99999 is above 65535" into out (terminated, cut). */
void nc_config_issue_format(const nc_config_issue *i, char *out, size_t cap);

/*
 * The caller owns *ret (nc_config_unref). `env` is a NULL-ended list of NAME=value, or NULL
 * for none; names outside NOVACRON_ are not looked at. `report` may be NULL; it is overwritten.
 * With faults the answer is the first one's code (NC_E_INVAL, NC_E_UNSUPPORTED), and err says it
 * and how many more there are. No file at all is fine: everything at its default. A file that
 * cannot be read is its own error (NC_E_NOTFOUND, NC_E_DENIED …), not a fault in the report.
 */
nc_code nc_config_load(const char *const *files, size_t n, const char *const *env,
	const nc_config **ret, nc_config_report *report, nc_error *err);

#endif
