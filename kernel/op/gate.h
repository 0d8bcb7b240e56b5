/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OP_GATE_H
#define NC_OP_GATE_H

/*
 * The gate before the drivers: how many calls are under way per provider, host and project, who
 * waits, in which order, and whether a breaker is open. Not thread-safe: the engine's lock guards
 * all of it. Never calls out.
 */

#include <stdint.h>

#include "base/map.h"
#include "base/queue.h"
#include "novacron/abi.h"

typedef struct nc_gate_limits {
	uint32_t in_all, per_host, per_provider, per_project; /* 0 = no limit */
	uint32_t breaker_failures;                            /* 0 = never opens */
	int64_t breaker_open_us;
} nc_gate_limits;

/* A call that wants through; embedded in the run. Strings are the owner's, unchanged meanwhile. */
typedef struct nc_gate_ticket {
	nc_list link; /* in its lane while waiting */
	const char *provider, *host, *project;
	uint8_t is_inside, is_waiting, is_probe;
} nc_gate_ticket;

typedef struct nc_gate nc_gate;
nc_gate *nc_gate_new(const nc_gate_limits *limits);
void nc_gate_free(nc_gate *g); /* nothing waits, nothing is inside */
void nc_gate_configure(nc_gate *g, const nc_gate_limits *limits);

typedef enum { NC_GATE_IN, NC_GATE_WAIT, NC_GATE_OPEN_BREAKER, NC_GATE_NOMEM } nc_gate_answer;
/* IN: go, and leave later. WAIT: queued; nc_gate_next hands it out when there is room.
 * OPEN_BREAKER: not queued; try again after *ret_us. */
nc_gate_answer nc_gate_enter(nc_gate *g, nc_gate_ticket *t, int64_t now_us, int64_t *ret_us);
/* The call has ended. `is_fault`: it speaks against the target (timed out, unavailable). */
void nc_gate_leave(nc_gate *g, nc_gate_ticket *t, int is_fault, int64_t now_us);
/* The next waiting ticket that may go in now that a call to that provider has left, already inside;
 * NULL = none. It is one of that provider's, unless there was no room in all: then providers take
 * turns. So do projects; within one, first come first served, passing over who must wait. */
nc_gate_ticket *nc_gate_next(nc_gate *g, const char *provider);
void nc_gate_forget(nc_gate *g, nc_gate_ticket *t); /* stop waiting */

uint32_t nc_gate_breakers_open(const nc_gate *g, int64_t now_us);

#endif
