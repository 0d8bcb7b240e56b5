/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_GATE_H
#define SS_GATE_H

#include <pthread.h>

#include "novacron/abi.h"
#include "util.h"

/*
 * Who may use the open files. Every call goes through it, so that the files can be closed and
 * opened anew under a running daemon, and none is in use when the instance is destroyed.
 */
typedef enum { SS_GATE_SHUT = 0, SS_GATE_OPEN, SS_GATE_BROKEN, SS_GATE_ENDING } ss_gate_state;

typedef struct ss_gate {
	pthread_mutex_t gate_lock; /* guards all that follows; nothing else is taken under it */
	pthread_cond_t gate_cond;
	ss_gate_state state;
	uint32_t inside;
	uint32_t waiting; /* stepped out, with the instance but not the files in use */
	bool is_reopening;
	char why[200]; /* while BROKEN */
} ss_gate;

void ss_gate_init(ss_gate *g);
void ss_gate_done(ss_gate *g);
/* NC_E_UNAVAILABLE unless OPEN; waits while the files are being opened anew. */
nc_code ss_gate_enter(ss_gate *g, ss_gate **ret_inside, nc_error *err);
void ss_gate_leavep(ss_gate **inside);
/* For a wait in the midst of a call: the files may be opened anew meanwhile, the instance stays. */
void ss_gate_step_out(ss_gate **inside);
nc_code ss_gate_step_in(ss_gate *g, ss_gate **ret_inside, nc_error *err);
/* From now on nobody enters. The first reason stays. */
void ss_gate_break(ss_gate *g, const char *why);
bool ss_gate_is_broken(ss_gate *g);
bool ss_gate_is_open(ss_gate *g); /* for a call under way: whether it should go on */
/* Keeps everyone out and waits until nobody is inside; then `done` tells how it went. The caller
 * must not be inside. */
void ss_gate_reopen_begin(ss_gate *g);
void ss_gate_reopen_done(ss_gate *g, bool is_open);
/* Nobody enters any more; returns when the last call is over. `wake` must end their waits. */
void ss_gate_end(ss_gate *g, void (*wake)(void *), void *arg);

#endif
