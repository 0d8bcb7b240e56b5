/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_RULES_H
#define NC_PLUGIN_RULES_H

#include <stdint.h>

#include "base/cleanup.h"

/* The numbered rules a plugin keeps. P0 stands for the headers' own contract: whole tables, thread
 * classes, arguments. */
typedef enum nc_rule {
	NC_P0_CONTRACT,
	NC_P1_EXPORTS,
	NC_P2_ENTRY,
	NC_P3_HAS,
	NC_P4_COMPLETE,
	NC_P5_AFTER_DESTROY,
	NC_P6_THREADS,
	NC_P7_PROCESS,
	NC_P8_OUTPUT,
	NC_P9_CANCEL,
	NC_P10_SECRETS,
	NC_P11_LIMITS,
	NC_P12_STATE,
	NC_RULES
} nc_rule;

const char *nc_rule_text(nc_rule rule); /* "complete every accepted operation exactly once" */

/* Strikes of one plugin. Under its owner's lock. */
#define NC_STRIKES_OUT 3 /* within the window */
typedef struct nc_strikes {
	uint64_t by_rule[NC_RULES];
	int64_t last_us[NC_STRIKES_OUT]; /* the latest, oldest first; 0 = none */
} nc_strikes;
/* Whether this strike is the one too many. */
int nc_strikes_add(nc_strikes *s, nc_rule rule, int64_t now_us, int64_t window_us);
uint64_t nc_strikes_total(const nc_strikes *s);

#endif
