/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_OP_GATE_H
#define NC_OP_GATE_H

/*
 * The gate before the drivers: how many calls are under way per provider, host and project, who
 * waits, in which order, and whether a breaker is open. A call that has been inside for long
 * (NC_GATE_SLOW_US) counts against its host alone: however many hosts hang, the others are served.
 * Not thread-safe: the engine's lock guards
 * all of it. Never calls out.
 */

#include <stdint.h>

#include "base/map.h"
#include "base/queue.h"
#include "novacron/abi.h"

#define NC_GATE_SLOW_US 10000000

typedef struct nc_gate_limits {
	uint32_t in_all, per_host, per_provider, per_project; /* 0 = no limit */
	uint32_t breaker_failures;                            /* 0 = never opens */
	int64_t breaker_open_us;
} nc_gate_limits;

/* A call that wants through; embedded in the run. Strings are the owner's, unchanged meanwhile. */
typedef struct nc_gate_ticket {
	nc_list link; /* in its queue while waiting; inside, in the order of coming until it is slow */
	int64_t since_us; /* inside */
	const char *provider, *host, *project;
	struct nc_gate_queue *queue; /* the gate's, while waiting or inside */
	uint8_t is_own;              /* the owner's: no breaker keeps it */
	uint8_t is_inside, is_slow, is_waiting;
	uint8_t is_probe, is_trial; /* tries a host, a provider, whose breaker is open */
} nc_gate_ticket;

typedef struct nc_gate nc_gate;
nc_gate *nc_gate_new(const nc_gate_limits *limits);
void nc_gate_free(nc_gate *g); /* tickets are their owners' */
/* Then hand out what fits now: nc_gate_next for any provider, until NULL. */
void nc_gate_configure(nc_gate *g, const nc_gate_limits *limits, int64_t now_us);

typedef enum { NC_GATE_IN, NC_GATE_WAIT, NC_GATE_NOMEM } nc_gate_answer;
/* IN: go, and leave later. WAIT: queued; nc_gate_next hands it out when there is room. *ret_us is
 * for how long the breaker of its host or provider is open, 0 = neither is. */
nc_gate_answer nc_gate_enter(nc_gate *g, nc_gate_ticket *t, int64_t now_us, int64_t *ret_us);
/* How a call speaks of its target: it works; it does not answer; it can't be reached, which may be
 * the whole provider; nobody was asked. */
typedef enum { NC_GATE_FINE, NC_GATE_FAULT, NC_GATE_AWAY, NC_GATE_SILENT } nc_gate_verdict;
/* The call has ended. Then hand out what fits now, until nc_gate_next says NULL. */
void nc_gate_leave(nc_gate *g, nc_gate_ticket *t, nc_gate_verdict verdict, int64_t now_us);
/* The next waiting ticket that may go in now, already inside; NULL = none. It is one of that
 * provider's (NULL = of any), unless there was no room in all: then providers take turns. So do
 * projects, within one its hosts; at a host first come first served. */
nc_gate_ticket *nc_gate_next(nc_gate *g, const char *provider, int64_t now_us);
void nc_gate_forget(nc_gate *g, nc_gate_ticket *t); /* stop waiting */
/* A call of that host hangs: its breaker opens without a count, unless breakers never do. */
void nc_gate_break(nc_gate *g, const char *provider, nc_bytes host, int64_t now_us);
int nc_gate_is_broken(const nc_gate *g, const char *provider); /* as a whole */

/* When to ask nc_gate_next though nobody has left: a breaker with somebody before it is to be tried,
 * or a call counts against its host alone from then on. INT64_MAX = never. */
int64_t nc_gate_due_us(const nc_gate *g);
uint32_t nc_gate_breakers_open(const nc_gate *g, int64_t now_us);

#endif
