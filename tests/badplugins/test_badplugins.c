/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "plugin_fixture.h"
#include "testing.h"

/*
 * Every plugin that is wrong on purpose, in this process and through nc-plugin-host. Each run has a
 * daemon of its own, a forked child, which says what it saw; it may die in process, and then a second
 * start must find the plugin in quarantine. Through the host it must never die. What is expected of
 * each plugin stands in one table.
 */

typedef enum { LOAD, OPEN, CALL, CALL_TWICE, QUERY, QUERY_TWICE, STREAM, CLOSE } act;

enum { ANY = 100 };

typedef struct bad {
	const char *plugin;
	act act;
	nc_code load;
	const char *load_says;
	nc_code open;
	const char *rule; /* a strike there must be, "P4" */
	int32_t outcome;  /* of the last call, or ANY */
	int dies;         /* the process it runs in; how many times until that is enough */
	const char *dies_in, *dies_by;
} bad;

#define REFUSED(name, code, says)                                                                  \
	{                                                                                          \
		.plugin = "test." name, .act = LOAD, .load = (code), .load_says = (says),          \
		.outcome = ANY                                                                     \
	}
#define RULE_AT_LOAD(name, r, says)                                                                \
	{                                                                                          \
		.plugin = "test." name, .act = LOAD, .load = NC_E_PROTO, .load_says = (says),      \
		.rule = (r), .outcome = ANY                                                        \
	}
#define STRIKE(name, how, r, out)                                                                  \
	{                                                                                          \
		.plugin = "test." name, .act = (how), .rule = (r), .outcome = (out)                \
	}
#define DIES(name, how, where)                                                                     \
	{                                                                                          \
		.plugin = "test." name, .act = (how), .outcome = NC_UNKNOWN, .dies = 1,            \
		.dies_in = (where), .dies_by = "it crashed the daemon in"                          \
	}
/* Without a signal: what counts is that three starts ended in the same phase. */
#define EXITS(name, how, where)                                                                    \
	{                                                                                          \
		.plugin = "test." name, .act = (how), .outcome = NC_UNKNOWN, .dies = 3,            \
		.dies_in = (where), .dies_by = "3 starts in a row ended in its phase"              \
	}

static const bad bads[] = {
	/* refused for what they are; both versions are in the message */
	REFUSED("wrong_abi", NC_E_UNSUPPORTED,
		"compiled for plugin ABI 2.0, this NovaCron has 1.0"),
	REFUSED("future_major", NC_E_UNSUPPORTED, "needs plugin ABI 2.0, this NovaCron has 1.0"),
	REFUSED("newer_minor", NC_E_UNSUPPORTED, "needs plugin ABI 1.7, this NovaCron has 1.0"),
	REFUSED("null_entry", NC_E_UNSUPPORTED, "refuses this host"),
	REFUSED("owns_guests", NC_E_UNSUPPORTED, "says owns_guests"),
	/* refused for broken tables */
	RULE_AT_LOAD("null_table", "P0", "has no table of functions"),
	RULE_AT_LOAD("short_table", "P0", "short table: 8 bytes"),
	RULE_AT_LOAD("short_entry", "P0", "short entry: 16 bytes"),
	RULE_AT_LOAD("no_create", "P0", "lacks create"),
	RULE_AT_LOAD("no_entry", "P0", "does not export nc_plugin_entry_v1"),
	RULE_AT_LOAD("lying_id", "P0", "its code says com.acme.other"),
	RULE_AT_LOAD("lying_manifest", "P0", "says otherwise than the file about abi"),
	RULE_AT_LOAD("lying_schema", "P0", "patternProperties"),
	RULE_AT_LOAD("extra_symbol", "P1", "helper_that_got_out"),
	RULE_AT_LOAD("thread_constructor", "P2", "starts a thread"),
	RULE_AT_LOAD("handler_constructor", "P7", "signal handler"),
	RULE_AT_LOAD("chdir_constructor", "P7", "working folder"),
	RULE_AT_LOAD("prints_constructor", "P8", "hello from a plugin"),
	/* the probe does not survive them */
	RULE_AT_LOAD("crash_constructor", "P2", "ended without a verdict"),
	RULE_AT_LOAD("exit_constructor", "P2", "ended without a verdict: exit status"),
	RULE_AT_LOAD("hang_constructor", "P2", "no verdict within 400 ms"),
	RULE_AT_LOAD("hang_entry", "P2", "no verdict within 400 ms"),
	/* wrong later */
	{ .plugin = "test.create_refuses_late",
		.act = OPEN,
		.open = NC_E_PROTO,
		.rule = "P0",
		.outcome = ANY },
	{ .plugin = "test.create_hangs",
		.act = OPEN,
		.open = NC_E_TIMEOUT,
		.rule = "P0",
		.outcome = ANY },
	STRIKE("destroy_hangs", CLOSE, "P6", NC_DONE),
	STRIKE("double_complete", CALL, "P4", NC_DONE),
	STRIKE("completes_refused", CALL, "P4", ANY),
	STRIKE("stale_handle", CALL_TWICE, "P4", NC_DONE),
	STRIKE("made_up_handle", CALL, "P4", NC_DONE),
	STRIKE("never_completes", CALL, "P4", NC_UNKNOWN),
	STRIKE("bad_outcome", CALL, "P4", NC_UNKNOWN),
	STRIKE("completes_query", QUERY, "P4", NC_DONE),
	STRIKE("late_complete", CLOSE, "P5", NC_UNKNOWN),
	STRIKE("result_limit", CALL, "P11", NC_UNKNOWN),
	STRIKE("checkpoint_limit", CALL, "P11", NC_DONE),
	STRIKE("sink_limit", QUERY, "P11", NC_FAILED_NO_EFFECT),
	STRIKE("sink_total", QUERY, "P11", NC_FAILED_NO_EFFECT),
	STRIKE("sink_kept", QUERY_TWICE, "P0", NC_DONE),
	STRIKE("sink_thread", QUERY, "P0", ANY),
	STRIKE("stream_forgotten", STREAM, "P4", NC_UNKNOWN),
	STRIKE("stream_left_open", STREAM, "P0", NC_DONE),
	DIES("verb_crashes", CALL, "compute.create"),
	DIES("create_crashes", OPEN, "plugin.create"),
	DIES("verb_overflows", CALL, "compute.create"),
	DIES("thread_crashes", CALL, "a thread of its own"),
	EXITS("verb_exits", CALL, "compute.create"),
	/* in the daemon nothing tells whose output it is, and the control thread is checked in debug
	 * builds alone: see below */
	STRIKE("prints_verb", CALL, NULL, NC_DONE),
	STRIKE("kv_on_control", CALL, NC_DEBUG ? "P0" : NULL, NC_DONE),
	/* and one that only looks wrong */
	STRIKE("two_majors", CALL, NULL, NC_DONE),
};

/* ---- one daemon ---- */

typedef struct verdict {
	int has_finished;
	nc_code load, open;
	char load_message[400], open_message[400], load_hint[400];
	int n_done;
	nc_code code;
	int32_t outcome;
	unsigned lost;
	int64_t strikes[13];
	char state[32], reason[400], last_strike[300];
} verdict;

static void note_status(fixture *f, const bad *b, verdict *v)
{
	char rule[8];
	fixture_status(f, b->plugin, "state", v->state, sizeof(v->state));
	fixture_status(f, b->plugin, "reason", v->reason, sizeof(v->reason));
	fixture_status(f, b->plugin, "last_strike", v->last_strike, sizeof(v->last_strike));
	for (unsigned i = 0; i < 13; i++) {
		snprintf(rule, sizeof(rule), "P%u", i);
		v->strikes[i] = fixture_strikes(f, b->plugin, rule);
	}
}

static void call_once(nc_pinst *inst, const bad *b, verdict *v)
{
	waited w;
	int fd = -1;
	nc_error err = NC_ERROR_INIT;
	waited_init(&w);
	int is_query = b->act == QUERY || b->act == QUERY_TWICE;
	nc_call_spec spec =
		waited_spec(&w, is_query ? "compute.inventory" : "compute.create", "h", "{}");
	spec.deadline_us = nc_clock_mono_us() + (b->outcome == NC_UNKNOWN ? 300000 : 15000000);
	nc_code rc = b->act == STREAM ? nc_pinst_stream(inst, &spec, &fd, NULL, &err)
				      : nc_pinst_call(inst, &spec, NULL, &err);
	if (rc == NC_OK && b->act != CLOSE)
		(void)waited_wait(&w);
	if (b->act == CLOSE) {
		nc_clock_sleep_us(50000);
		nc_pinst_close(inst, 0);
	}
	v->n_done = w.n_done;
	v->code = rc == NC_OK ? w.code : rc;
	v->outcome = w.outcome;
	nc_closep(&fd);
	if (w.n_done || rc != NC_OK)
		waited_done(&w);
}

static void run(const bad *b, nc_isolation iso, const char *state_dir, verdict *v)
{
	nc_error err = NC_ERROR_INIT;
	nc_pinst *inst = NULL;
	fixture *f = fixture_new(&(fixture_options){ .plugin = b->plugin,
		.isolation = iso,
		.state_dir = state_dir,
		.grace_us = 100000,
		.restart_us = 50000,
		.probe_timeout_us =
			400000 * (b->load_says && strstr(b->load_says, "400") ? 1 : 25) });
	if (!f)
		return;
	v->load = nc_plugins_load(f->plugins, b->plugin, &err);
	snprintf(v->load_message, sizeof(v->load_message), "%s", err.message);
	snprintf(v->load_hint, sizeof(v->load_hint), "%s", err.hint);
	if (v->load == NC_OK && b->act != LOAD) {
		v->open = nc_pinst_open(f->plugins,
			&(nc_pinst_spec){ .plugin = b->plugin,
				.name = "one",
				.config = nc_str("{}"),
				.create_timeout_us = b->open == NC_E_TIMEOUT ? 200000 : 0 },
			&inst, &err);
		snprintf(v->open_message, sizeof(v->open_message), "%s", err.message);
	}
	for (int i = 0; inst && i < (b->act == CALL_TWICE || b->act == QUERY_TWICE ? 2 : 1); i++)
		if (b->act >= CALL)
			call_once(inst, b, v);
	if (b->rule && !fixture_wait_strikes(f, b->plugin, b->rule, 1))
		fprintf(stderr, "%s: no strike of %s\n", b->plugin, b->rule);
	if (b->dies && iso == NC_ISO_PROCESS && b->act != OPEN)
		(void)fixture_wait(f, &f->lost, 1);
	/* A crash takes longer than the call's deadline where a sanitizer writes its report first. */
	if (b->dies && iso == NC_ISO_IN_PROCESS && v->load == NC_OK)
		nc_clock_sleep_us(30000000);
	note_status(f, b, v);
	pthread_mutex_lock(&f->lock);
	v->lost = f->lost;
	pthread_mutex_unlock(&f->lock);
	v->has_finished = 1;
	if (inst)
		nc_pinst_unref(inst);
	/* Threads that hang in a plugin would hold up an orderly end. */
}

/* Run in a child; *ret_how tells how it ended: 0, or "signal 6". */
static void run_apart(
	const bad *b, nc_isolation iso, const char *state_dir, verdict *v, int *ret_status)
{
	int fds[2];
	memset(v, 0, sizeof(*v));
	REQUIRE(pipe(fds) == 0);
	fflush(NULL);
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		close(fds[0]);
		signal(SIGALRM, SIG_DFL);
		alarm(60);
		run(b, iso, state_dir, v);
		if (write(fds[1], v, sizeof(*v)) != (ssize_t)sizeof(*v))
			_exit(9);
		_exit(0);
	}
	close(fds[1]);
	size_t got = 0;
	for (ssize_t n;
		got < sizeof(*v) && (n = read(fds[0], (char *)v + got, sizeof(*v) - got)) > 0;)
		got += (size_t)n;
	close(fds[0]);
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
}

/* ---- what must have been seen ---- */

static void expect(int holds, const bad *b, nc_isolation iso, const char *what, const char *found)
{
	char text[900];
	snprintf(text, sizeof(text), "%s %s: %s; found: %s", b->plugin,
		iso == NC_ISO_PROCESS ? "in its process" : "in the daemon", what, found);
	nc_check_true(holds, text, __FILE__, __LINE__);
}

static void expect_verdict(const bad *b, nc_isolation iso, const verdict *v, int status)
{
	char found[200];
	snprintf(found, sizeof(found), "status %x, load %d (%.60s), open %d, code %d, outcome %d",
		(unsigned)status, v->load, v->load_message, v->open, v->code, v->outcome);
	expect(status == 0 && v->has_finished, b, iso, "the daemon lives", found);
	expect(v->load == b->load, b, iso, "load gives its code", found);
	if (b->load_says)
		expect(strstr(v->load_message, b->load_says) != NULL, b, iso, b->load_says,
			v->load_message);
	if (b->load == NC_E_UNSUPPORTED)
		expect(v->load_hint[0] != 0, b, iso, "says how to fix it", v->load_hint);
	if (b->act >= OPEN && !b->dies)
		expect(v->open == b->open, b, iso, "open gives its code", v->open_message);
	if (b->outcome != ANY && b->act >= CALL) {
		expect(v->n_done == 1, b, iso, "done once", found);
		expect(v->outcome == b->outcome, b, iso, "the outcome", found);
	}
	if (b->rule) {
		char names[8];
		snprintf(names, sizeof(names), "\"%s:", b->rule);
		expect(v->strikes[strtol(b->rule + 1, NULL, 10)] >= 1, b, iso, b->rule, found);
		expect(strncmp(v->last_strike, names, strlen(names)) == 0, b, iso,
			"the status names the rule", v->last_strike);
	}
	if (b->rule && b->load_says)
		expect(strncmp(v->load_message, b->rule, strlen(b->rule)) == 0, b, iso,
			"the message begins with the rule", v->load_message);
}

static void expect_death(const bad *b, const char *state_dir, const verdict *v, int status)
{
	char found[200];
	verdict again;
	int second;
	snprintf(found, sizeof(found), "status %x, finished %d", (unsigned)status, v->has_finished);
	expect(!v->has_finished && status != 0, b, NC_ISO_IN_PROCESS, "it takes the daemon along",
		found);
	for (int i = 1; i < b->dies; i++) {
		run_apart(b, NC_ISO_IN_PROCESS, state_dir, &again, &second);
		expect(!again.has_finished && second != 0, b, NC_ISO_IN_PROCESS, "and once more",
			again.load_message);
	}
	run_apart(b, NC_ISO_IN_PROCESS, state_dir, &again, &second);
	expect(second == 0 && again.has_finished, b, NC_ISO_IN_PROCESS, "the restart lives", found);
	expect(again.load == NC_E_UNAVAILABLE, b, NC_ISO_IN_PROCESS, "the restart refuses it",
		again.load_message);
	expect(strstr(again.load_message, b->dies_by) != NULL &&
			strstr(again.load_message, b->dies_in) != NULL,
		b, NC_ISO_IN_PROCESS, "and says what crashed where", again.load_message);
	expect(strstr(again.load_hint, "novacron plugin release") != NULL, b, NC_ISO_IN_PROCESS,
		"and how to release it", again.load_hint);
	expect(strcmp(again.state, "\"quarantined\"") == 0, b, NC_ISO_IN_PROCESS, "quarantined",
		again.state);
}

static void run_all(nc_isolation iso)
{
	char name[NC_ID_MAX];
	for (size_t i = 0; i < NC_LEN(bads); i++) {
		verdict v;
		int status = -1;
		nc_id_make("state", name);
		char *state_dir = nc_test_path(name);
		int64_t begin = nc_clock_mono_us();
		run_apart(&bads[i], iso, state_dir, &v, &status);
		if (getenv("NC_TEST_TIMES"))
			fprintf(stderr, "%6.3f %s\n", (double)(nc_clock_mono_us() - begin) / 1e6,
				bads[i].plugin);
		if (bads[i].dies && iso == NC_ISO_IN_PROCESS)
			expect_death(&bads[i], state_dir, &v, status);
		else
			expect_verdict(&bads[i], iso, &v, status);
		if (bads[i].dies && iso == NC_ISO_PROCESS && bads[i].act != OPEN)
			expect(v.lost >= 1, &bads[i], iso, "the loss of the process was told",
				v.state);
		nc_free(state_dir);
	}
}

static void the_daemon_outlives_every_bad_plugin_in_a_process(void)
{
	run_all(NC_ISO_PROCESS);
}

static void a_bad_plugin_in_the_daemon_is_named_or_quarantined_by_the_restart(void)
{
	run_all(NC_ISO_IN_PROCESS);
}

static void output_of_a_process_is_a_strike(void)
{
	bad b = STRIKE("prints_verb", CALL, "P8", NC_DONE);
	verdict v;
	int status;
	char *state_dir = nc_test_path("prints");
	run_apart(&b, NC_ISO_PROCESS, state_dir, &v, &status);
	expect_verdict(&b, NC_ISO_PROCESS, &v, status);
	nc_free(state_dir);
}

/* ---- sentinels ---- */

static void a_crash_while_it_is_mapped_is_found_by_the_restart(void)
{
	bad b = DIES("crash_here", LOAD, "load");
	verdict v;
	int status;
	char *state_dir = nc_test_path("mapped");
	run_apart(&b, NC_ISO_IN_PROCESS, state_dir, &v, &status);
	expect_death(&b, state_dir, &v, status);
	nc_free(state_dir);
}

static void three_starts_that_end_in_one_phase_are_enough(void)
{
	bad b = DIES("exit_here", LOAD, "load");
	verdict v;
	int status;
	char *state_dir = nc_test_path("three");
	for (int i = 0; i < 3; i++) {
		run_apart(&b, NC_ISO_IN_PROCESS, state_dir, &v, &status);
		expect(!v.has_finished && WIFSIGNALED(status), &b, NC_ISO_IN_PROCESS,
			"it ends the daemon", v.load_message);
	}
	run_apart(&b, NC_ISO_IN_PROCESS, state_dir, &v, &status);
	CHECK_INT(status, 0);
	CHECK_CODE(v.load, NC_E_UNAVAILABLE);
	CHECK_HAS(v.load_message, "3 starts in a row ended in its phase \"load\"");
	run_apart(&b, NC_ISO_IN_PROCESS, state_dir, &v, &status);
	CHECK_CODE(v.load, NC_E_UNAVAILABLE);
	CHECK_STR(v.state, "\"quarantined\"");
	nc_free(state_dir);
}

/* Starts a daemon whose plugin hangs in create, and kills it there; it has died there `deaths` times
 * before. */
static void kill_in_create(const bad *b, const char *state_dir, int deaths)
{
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		verdict v;
		bad slow = *b;
		slow.open = NC_OK; /* the default time-out of create */
		run(&slow, NC_ISO_IN_PROCESS, state_dir, &v);
		_exit(0);
	}
	char *sentinel = nc_asprintf("%s/sentinel/test.create_hangs", state_dir);
	char text[64] = "", want[64];
	snprintf(want, sizeof(want), "create %d\n", deaths);
	int64_t until = nc_clock_mono_us() + 20000000;
	while (strcmp(text, want) != 0 && nc_clock_mono_us() < until) {
		FILE *file = fopen(sentinel, "r");
		if (file) {
			if (!fgets(text, sizeof(text), file))
				text[0] = 0;
			fclose(file);
		}
		nc_clock_sleep_us(1000);
	}
	CHECK_STR(text, want);
	nc_free(sentinel);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void a_kill_soon_after_the_start_does_not_quarantine(void)
{
	bad b = {
		.plugin = "test.create_hangs", .act = OPEN, .open = NC_E_TIMEOUT, .outcome = ANY
	};
	verdict v;
	int status;
	char *state_dir = nc_test_path("killed");
	kill_in_create(&b, state_dir, 0);
	kill_in_create(&b, state_dir, 1);
	run_apart(&b, NC_ISO_IN_PROCESS, state_dir, &v, &status);
	CHECK_CODE(v.load, NC_OK);
	CHECK_CODE(v.open, NC_E_TIMEOUT);
	/* It came through create, in its way: the count begins anew. */
	kill_in_create(&b, state_dir, 0);
	kill_in_create(&b, state_dir, 1);
	kill_in_create(&b, state_dir, 2);
	run_apart(&b, NC_ISO_IN_PROCESS, state_dir, &v, &status);
	CHECK_CODE(v.load, NC_E_UNAVAILABLE);
	CHECK_HAS(v.load_message, "phase \"create\"");
	nc_free(state_dir);
}

NC_TESTS(badplugins){
	T(the_daemon_outlives_every_bad_plugin_in_a_process),
	T(a_bad_plugin_in_the_daemon_is_named_or_quarantined_by_the_restart),
	T(output_of_a_process_is_a_strike),
	T(a_crash_while_it_is_mapped_is_found_by_the_restart),
	T(three_starts_that_end_in_one_phase_are_enough),
	T(a_kill_soon_after_the_start_does_not_quarantine),
};
