/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FATE_H
#define SIM_FATE_H

#include <stdbool.h>
#include <stdint.h>

#include "messages.h"
#include "novacron/abi.h"

/*
 * What becomes of a call. A pure function of seed, key and attempt (and of what the configuration
 * says about verb, host and name): no clock, no order of threads, no state.
 */
typedef enum sim_fate_kind {
	SIM_FATE_ACTS,
	SIM_FATE_FAILS,       /* before it acts */
	SIM_FATE_PARTIAL,     /* a create: the guest is there, stopped, and the call fails */
	SIM_FATE_HANGS,       /* never acts, never answers */
	SIM_FATE_LOST_BEFORE, /* never acts; outcome unknown */
	SIM_FATE_LOST_AFTER   /* acts; outcome unknown */
} sim_fate_kind;

typedef struct sim_fate {
	sim_fate_kind kind;
	nc_code code; /* of a failure */
	int64_t latency_ms;
} sim_fate;

typedef struct sim_question {
	const char *verb, *key;
	const char *host, *name; /* "" when there is none */
	int64_t attempt;         /* from 1 */
	bool is_query;           /* has no key to draw with: only certain faults count */
} sim_question;

sim_fate sim_fate_of(const sim_config *cfg, const sim_question *q);

/* A number in [0, 1) from the seed and a word; `salt` tells questions about one word apart. */
double sim_chance(uint64_t seed, const char *word, const char *salt, uint64_t n);

/* `text` fits a pattern of * and ?. */
bool sim_glob(const char *pattern, const char *text);
bool sim_glob_any(const char *const *patterns, size_t n, const char *text);

#endif
