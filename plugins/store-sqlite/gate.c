/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the calls that are under way and closes the way in when the files are not fit for use:
 * after a failed sync, while they are opened anew, at the end. Lives in the instance; any thread.
 * The lock is held for a few instructions only, never across a call of SQLite's.
 */
#include "gate.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

void ss_gate_init(ss_gate *g)
{
	memset(g, 0, sizeof(*g));
	pthread_mutex_init(&g->gate_lock, NULL);
	pthread_cond_init(&g->gate_cond, NULL);
}

void ss_gate_done(ss_gate *g)
{
	pthread_cond_destroy(&g->gate_cond);
	pthread_mutex_destroy(&g->gate_lock);
}

static nc_code refuse(const ss_gate *g, nc_error *err)
{
	if (g->state == SS_GATE_BROKEN)
		return ss_fail(err, NC_E_UNAVAILABLE,
			"Lead again: that opens the files anew and tells what they hold.",
			"the store is out of use: %.180s", g->why);
	if (g->state == SS_GATE_ENDING)
		return ss_fail(err, NC_E_UNAVAILABLE, "", "the store is being closed");
	return ss_fail(err, NC_E_UNAVAILABLE, "Configure the store with purpose serve.",
		"the store is not open");
}

nc_code ss_gate_enter(ss_gate *g, ss_gate **ret_inside, nc_error *err)
{
	nc_code code = NC_OK;
	pthread_mutex_lock(&g->gate_lock);
	while (g->is_reopening)
		pthread_cond_wait(&g->gate_cond, &g->gate_lock);
	if (g->state == SS_GATE_OPEN)
		g->inside++;
	else
		code = refuse(g, err);
	pthread_mutex_unlock(&g->gate_lock);
	if (code == NC_OK)
		*ret_inside = g;
	return code;
}

void ss_gate_leavep(ss_gate **inside)
{
	ss_gate *g = *inside;
	if (!g)
		return;
	pthread_mutex_lock(&g->gate_lock);
	if (--g->inside == 0)
		pthread_cond_broadcast(&g->gate_cond);
	pthread_mutex_unlock(&g->gate_lock);
	*inside = NULL;
}

void ss_gate_step_out(ss_gate **inside)
{
	ss_gate *g = *inside;
	pthread_mutex_lock(&g->gate_lock);
	g->waiting++;
	if (--g->inside == 0)
		pthread_cond_broadcast(&g->gate_cond);
	pthread_mutex_unlock(&g->gate_lock);
	*inside = NULL;
}

nc_code ss_gate_step_in(ss_gate *g, ss_gate **ret_inside, nc_error *err)
{
	nc_code code = ss_gate_enter(g, ret_inside, err);
	pthread_mutex_lock(&g->gate_lock);
	if (--g->waiting == 0)
		pthread_cond_broadcast(&g->gate_cond);
	pthread_mutex_unlock(&g->gate_lock);
	return code;
}

void ss_gate_break(ss_gate *g, const char *why)
{
	pthread_mutex_lock(&g->gate_lock);
	if (g->state == SS_GATE_OPEN) {
		g->state = SS_GATE_BROKEN;
		snprintf(g->why, sizeof(g->why), "%s", why);
	}
	pthread_mutex_unlock(&g->gate_lock);
}

bool ss_gate_is_broken(ss_gate *g)
{
	pthread_mutex_lock(&g->gate_lock);
	bool is_broken = g->state == SS_GATE_BROKEN;
	pthread_mutex_unlock(&g->gate_lock);
	return is_broken;
}

bool ss_gate_is_open(ss_gate *g)
{
	pthread_mutex_lock(&g->gate_lock);
	bool is_open = g->state == SS_GATE_OPEN;
	pthread_mutex_unlock(&g->gate_lock);
	return is_open;
}

void ss_gate_reopen_begin(ss_gate *g)
{
	pthread_mutex_lock(&g->gate_lock);
	g->is_reopening = true;
	while (g->inside)
		pthread_cond_wait(&g->gate_cond, &g->gate_lock);
	pthread_mutex_unlock(&g->gate_lock);
}

void ss_gate_reopen_done(ss_gate *g, bool is_open)
{
	pthread_mutex_lock(&g->gate_lock);
	g->is_reopening = false;
	if (is_open)
		g->state = SS_GATE_OPEN;
	pthread_cond_broadcast(&g->gate_cond);
	pthread_mutex_unlock(&g->gate_lock);
}

void ss_gate_end(ss_gate *g, void (*wake)(void *), void *arg)
{
	pthread_mutex_lock(&g->gate_lock);
	g->state = SS_GATE_ENDING;
	pthread_mutex_unlock(&g->gate_lock);
	wake(arg);
	pthread_mutex_lock(&g->gate_lock);
	while (g->inside || g->waiting || g->is_reopening)
		pthread_cond_wait(&g->gate_cond, &g->gate_lock);
	pthread_mutex_unlock(&g->gate_lock);
}
