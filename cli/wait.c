/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for operations. Each round is a short long-poll, so that an end is known at once and
 * progress is shown meanwhile. The operation never depends on the one who waits.
 */
#include "cli/wait.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "cli/progress.h"
#include "cli/url.h"
#include "model/problem.h"

#define ROUND_TTY_US INT64_C(200000)
#define ROUND_US     INT64_C(1000000)
#define RETRY_US     INT64_C(250000)
#define GIVE_UP_US   INT64_C(60000000) /* without a daemon */
#define ANSWER_US    INT64_C(30000000) /* on top of the round */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

typedef struct waiting {
	nc_cli *c;
	const char *id;
	nc_progress progress;
	int64_t deadline_us; /* 0 = none */
	int64_t lost_us;     /* since when there is no daemon; 0 = there is */
	json_t *op;
} waiting;

int nc_operation_is_final(const json_t *op)
{
	static const char *const words[] = { "succeeded", "failed", "canceled", "abandoned" };
	const char *state = nc_json_text(op, "state");

	for (size_t i = 0; i < NC_LEN(words); i++)
		if (!strcmp(state, words[i]))
			return 1;
	return 0;
}

nc_code nc_operation_outcome(const json_t *op, nc_error *err)
{
	const char *state = nc_json_text(op, "state"), *id = nc_json_text(op, "id");
	const json_t *e = json_object_get(op, "error");
	const nc_problem *p = nc_problem_find(nc_json_text(e, "code"));

	if (!strcmp(state, "succeeded"))
		return NC_OK;
	if (!strcmp(state, "canceled"))
		return nc_problem_err(err, "cancelled", "operation %s was cancelled", id);
	if (!strcmp(state, "abandoned"))
		return nc_problem_err(err, "outcome_unknown",
			"operation %s was abandoned: nobody knows whether it happened", id);
	if (strcmp(state, "failed") != 0)
		return nc_problem_err(err, "internal", "operation %s is %s", id, state);
	nc_code rc = nc_problem_err(err, p ? p->code : "internal", "%s",
		*nc_json_text(e, "message") ? nc_json_text(e, "message") : "it failed");
	if (*nc_json_text(e, "hint"))
		return nc_err_hint(err, rc, "%s", nc_json_text(e, "hint"));
	return nc_err_hint(err, rc, "novacron operation show %s", id);
}

/* One round; NC_E_BUSY = not at its end yet. */
static nc_code ask(waiting *w, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	int64_t round = w->progress.term->is_err_tty ? ROUND_TTY_US : ROUND_US;
	char text[32];

	if (w->deadline_us)
		round = NC_MIN(round, NC_MAX(w->deadline_us - nc_clock_mono_us(), INT64_C(1000)));
	nc_call_init(&call, "GET", &nc_kind_operation, w->id, NULL);
	snprintf(text, sizeof(text), "%lldms", (long long)(round / 1000));
	nc_call_query(&call, "wait", text);
	call.timeout_us = round + ANSWER_US;
	call.interrupted = &interrupted;
	nc_code rc = nc_call_send(w->c, &call, err);
	if (rc != NC_OK)
		return rc;
	w->lost_us = 0;
	json_decref(w->op);
	w->op = nc_steal(&call.json);
	return nc_operation_is_final(w->op) ? NC_OK : NC_E_BUSY;
}

/* The daemon is not there, or went away in the middle: it may be restarting. */
static nc_code wait_for_daemon(waiting *w, nc_code rc, const nc_error *err)
{
	int64_t now = nc_clock_mono_us();

	if (!w->lost_us) {
		w->lost_us = now;
		nc_progress_end(&w->progress);
		nc_tell(w->progress.term, "%s; waiting for it to come back", err->message);
	}
	if (now - w->lost_us > GIVE_UP_US)
		return rc;
	nc_clock_sleep_us(RETRY_US);
	return NC_E_BUSY;
}

static nc_code goes_on(const waiting *w, nc_code rc, nc_error *err)
{
	return nc_err_hint(err, rc, "it goes on: novacron operation wait %s", w->id);
}

static nc_code rounds(waiting *w, nc_error *err)
{
	for (;;) {
		nc_error why = NC_ERROR_INIT;
		nc_code rc = ask(w, &why);
		if (rc == NC_E_UNAVAILABLE && !interrupted)
			rc = wait_for_daemon(w, rc, &why);
		if (interrupted) {
			nc_problem_err(
				err, "cancelled", "no longer waiting for operation %s", w->id);
			return goes_on(w, NC_E_CANCELLED, err);
		}
		if (rc == NC_OK)
			return NC_OK;
		if (rc != NC_E_BUSY) {
			nc_err_copy(err, &why);
			return rc;
		}
		if (w->deadline_us && nc_clock_mono_us() >= w->deadline_us) {
			nc_problem_err(err, "timeout", "operation %s has not ended in time", w->id);
			return goes_on(w, NC_E_TIMEOUT, err);
		}
		if (w->op && !w->lost_us)
			nc_progress_show(&w->progress, w->op);
	}
}

nc_code nc_wait_operation(nc_cli *c, const char *id, json_t **ret, nc_error *err)
{
	int64_t timeout = nc_args_num(&c->args, "timeout", 0);
	waiting w = { .c = c, .id = id };
	struct sigaction catch = { .sa_handler = on_interrupt }, former;

	w.deadline_us = nc_args_has(&c->args, "timeout") ? nc_clock_mono_us() + timeout : 0;
	nc_progress_init(&w.progress, &c->term);
	sigaction(SIGINT, &catch, &former);
	nc_code rc = rounds(&w, err);
	sigaction(SIGINT, &former, NULL);
	nc_progress_end(&w.progress);
	if (rc == NC_OK)
		*ret = w.op;
	else
		json_decref(w.op);
	return rc;
}
