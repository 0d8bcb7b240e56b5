/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/rules.h"

#include <string.h>

/* The words of the rules, and the counting of strikes. No threads of its own. */

const char *nc_rule_text(nc_rule rule)
{
	static const char *const texts[NC_RULES] = {
		[NC_P0_CONTRACT] = "keep to what the headers say",
		[NC_P1_EXPORTS] = "export only nc_plugin_entry_vN",
		[NC_P2_ENTRY] = "entry and table reads have no side effects",
		[NC_P3_HAS] = "test NC_HAS before a host call newer than min_minor",
		[NC_P4_COMPLETE] = "complete every accepted operation exactly once",
		[NC_P5_AFTER_DESTROY] = "no host call after destroy returns",
		[NC_P6_THREADS] = "join every thread before destroy returns",
		[NC_P7_PROCESS] = "leave the process's own state alone",
		[NC_P8_OUTPUT] = "nothing on stdout or stderr",
		[NC_P9_CANCEL] = "honour cancel within a second or at the next remote call",
		[NC_P10_SECRETS] = "never log or return a secret",
		[NC_P11_LIMITS] = "keep to the limits of sinks, checkpoints and results",
		[NC_P12_STATE] = "state blobs carry state_version",
	};
	return (unsigned)rule < NC_RULES ? texts[rule] : "unknown rule";
}

int nc_strikes_add(nc_strikes *s, nc_rule rule, int64_t now_us, int64_t window_us)
{
	if ((unsigned)rule >= NC_RULES)
		rule = NC_P0_CONTRACT;
	s->by_rule[rule]++;
	memmove(s->last_us, s->last_us + 1, sizeof(s->last_us) - sizeof(s->last_us[0]));
	s->last_us[NC_STRIKES_OUT - 1] = now_us;
	if (s->last_us[0] == 0 || now_us - s->last_us[0] > window_us)
		return 0;
	memset(s->last_us, 0, sizeof(s->last_us)); /* a new round, or the alarm rings each time */
	return 1;
}

uint64_t nc_strikes_total(const nc_strikes *s)
{
	uint64_t n = 0;
	for (size_t i = 0; i < NC_RULES; i++)
		n += s->by_rule[i];
	return n;
}
