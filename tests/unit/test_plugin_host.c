/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "plugin_fixture.h"
#include "testing.h"

/* Host processes that die and come back, quarantine, and what the status shows of it. */

typedef struct setup {
	fixture *f;
	nc_pinst *inst;
	waited w;
} setup;

static int begin(setup *s)
{
	memset(s, 0, sizeof(*s));
	waited_init(&s->w);
	s->f = fixture_new(&(fixture_options){ .plugin = "test.good",
		.isolation = NC_ISO_PROCESS,
		.grace_us = 100000,
		.restart_us = 10000 });
	s->inst = s->f ? fixture_open(s->f, "test.good", "{\"password\":\"abc-def-ghi\"}") : NULL;
	return s->inst != NULL;
}

static void end(setup *s)
{
	if (s->inst) {
		nc_pinst_close(s->inst, 0);
		nc_pinst_unref(s->inst);
	}
	fixture_free(s->f);
	waited_done(&s->w);
}

static pid_t pid_of_host(setup *s)
{
	char text[32];
	fixture_status(s->f, "test.good", "pid", text, sizeof(text));
	return (pid_t)strtol(text, NULL, 10);
}

static void calls_of_a_process_that_dies_end_unknown_and_the_instance_comes_back(void)
{
	setup s;
	waited running, queued;
	waited_init(&running);
	waited_init(&queued);
	if (begin(&s)) {
		for (unsigned i = 1; i <= 3; i++) {
			running.is_done = queued.is_done = 0;
			waited_start(&running, s.inst, "compute.create", "a", "{\"do\":\"wait\"}",
				60000);
			waited_start(
				&s.w, s.inst, "compute.create", "a", "{\"do\":\"wait\"}", 60000);
			waited_start(
				&queued, s.inst, "compute.create", "a", "{\"do\":\"sync\"}", 60000);
			nc_clock_sleep_us(5000);
			pid_t pid = pid_of_host(&s);
			CHECK(pid > 1);
			kill(pid, SIGKILL);
			waited_wait(&running);
			waited_wait(&queued);
			CHECK_CODE(running.code, NC_E_UNAVAILABLE);
			CHECK_INT(running.outcome, NC_UNKNOWN);
			CHECK_INT(running.was_sent, 1);
			CHECK(running.err.flags & NC_ERR_OUTCOME_UNKNOWN);
			CHECK_HAS(running.err.message, "signal 9");
			CHECK_INT(queued.outcome, NC_FAILED_NO_EFFECT);
			CHECK_INT(queued.was_sent, 0);
			CHECK_UINT(queued.err.flags, NC_ERR_RETRYABLE); /* nothing unknown of it */
			CHECK(fixture_wait(s.f, &s.f->lost, i));
			CHECK(fixture_wait(s.f, &s.f->back, i));
			CHECK_INT(nc_pinst_get_state(s.inst), NC_PINST_ACTIVE);
			CHECK(pid_of_host(&s) != pid);
			s.w.is_done = 0;
			/* Its configuration is the one it had, secret and all. */
			waited_run(
				&s.w, s.inst, "compute.create", "a", "{\"do\":\"secret\"}", NC_OK);
			CHECK_HAS(s.w.result.ptr, "\"n\":11");
		}
		CHECK_INT(running.n_done, 3);
	}
	end(&s);
	waited_done(&running);
	waited_done(&queued);
}

static void a_crash_in_a_call_is_told_with_its_signal(void)
{
	setup s;
	if (begin(&s)) {
		waited_run(&s.w, s.inst, "compute.create", "a", "{\"do\":\"crash\"}",
			NC_E_UNAVAILABLE);
		CHECK_INT(s.w.outcome, NC_UNKNOWN);
		CHECK(fixture_wait(s.f, &s.f->back, 1));
		CHECK(fixture_wait(s.f, &s.f->events, 1));
		CHECK(fixture_event_is(s.f, "plugin.host.died"));
	}
	end(&s);
}

static void while_it_is_down_calls_are_refused_with_a_time_to_come_back(void)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	memset(&s, 0, sizeof(s));
	waited_init(&s.w);
	s.f = fixture_new(&(fixture_options){
		.plugin = "test.good", .isolation = NC_ISO_PROCESS, .restart_us = 60000000 });
	s.inst = s.f ? fixture_open(s.f, "test.good", "{}") : NULL;
	if (s.inst) {
		char text[400];
		kill(pid_of_host(&s), SIGKILL);
		CHECK(fixture_wait(s.f, &s.f->lost, 1));
		nc_call_spec spec = waited_spec(&s.w, "compute.create", "a", "{\"do\":\"sync\"}");
		CHECK_CODE(nc_pinst_call(s.inst, &spec, NULL, &err), NC_E_UNAVAILABLE);
		CHECK(err.flags & NC_ERR_RETRYABLE);
		CHECK(err.retry_after_ms > 50000 && err.retry_after_ms <= 60000);
		fixture_status(s.f, "test.good", "state", text, sizeof(text));
		CHECK_STR(text, "\"lost\"");
		CHECK_CODE(nc_pinst_health(s.inst, 1000000, &s.w.result, &err), NC_E_UNAVAILABLE);
		nc_err_clear(&err);
		CHECK_CODE(nc_pinst_reconfigure(s.inst, nc_str("{\"label\":\"b\"}"), &err),
			NC_E_UNAVAILABLE);
		CHECK(err.flags & NC_ERR_RETRYABLE);
		nc_pinst *other = NULL;
		nc_pinst_spec two = {
			.plugin = "test.good", .name = "two", .config = nc_str("{}")
		};
		CHECK_CODE(nc_pinst_open(s.f->plugins, &two, &other, &err), NC_E_UNAVAILABLE);
	}
	end(&s);
}

static void five_deaths_in_ten_minutes_are_quarantine(void)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	char text[1000];
	if (begin(&s)) {
		for (unsigned i = 1; i <= 5; i++) {
			kill(pid_of_host(&s), SIGKILL);
			CHECK(fixture_wait(s.f, &s.f->lost, i));
			if (i < 5)
				CHECK(fixture_wait(s.f, &s.f->back, i));
		}
		int64_t until = nc_clock_mono_us() + 10000000;
		do {
			fixture_status(s.f, "test.good", "state", text, sizeof(text));
			nc_clock_sleep_us(1000);
		} while (strcmp(text, "\"quarantined\"") != 0 && nc_clock_mono_us() < until);
		CHECK_STR(text, "\"quarantined\"");
		fixture_status(s.f, "test.good", "reason", text, sizeof(text));
		CHECK_HAS(text, "its process died five times in ten minutes");
		CHECK_INT(nc_pinst_get_state(s.inst), NC_PINST_FAILED);
		CHECK(fixture_wait_event(s.f, "plugin.quarantined"));
		/* The record is a plain file, and the next start heeds it. */
		char *record = nc_asprintf("%s/quarantine/test.good.json", s.f->state_dir);
		CHECK(access(record, R_OK) == 0);
		nc_free(record);
		fixture *next = fixture_new(
			&(fixture_options){ .plugin = "test.good", .state_dir = s.f->state_dir });
		REQUIRE(next != NULL);
		CHECK_CODE(nc_plugins_load(next->plugins, "test.good", &err), NC_E_UNAVAILABLE);
		CHECK_HAS(err.message, "five times");
		CHECK_HAS(err.hint, "novacron plugin release test.good");
		CHECK_OK(nc_plugins_release(next->plugins, "test.good", &err), &err);
		CHECK_OK(nc_plugins_load(next->plugins, "test.good", &err), &err);
		CHECK_CODE(nc_plugins_release(next->plugins, "test.good", &err), NC_E_NOTFOUND);
		fixture_free(next);
	}
	end(&s);
}

static void quarantine_by_hand_ends_the_process_and_is_lifted_by_hand(void)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s)) {
		pid_t pid = pid_of_host(&s);
		CHECK_OK(nc_plugins_quarantine(s.f->plugins, "test.good", "looks odd", &err), &err);
		CHECK(fixture_wait(s.f, &s.f->lost, 1));
		CHECK(kill(pid, 0) < 0 && errno == ESRCH);
		CHECK_INT(nc_pinst_get_state(s.inst), NC_PINST_FAILED);
		CHECK_CODE(nc_plugins_load(s.f->plugins, "test.good", &err), NC_E_UNAVAILABLE);
		CHECK_HAS(err.message, "looks odd");
		nc_pinst_close(s.inst, 0);
		nc_pinst_unref(s.inst);
		s.inst = NULL;
		CHECK_OK(nc_plugins_release(s.f->plugins, "test.good", &err), &err);
		s.inst = fixture_open(s.f, "test.good", "{}");
		REQUIRE(s.inst != NULL);
		waited_run(&s.w, s.inst, "compute.create", "a", "{\"do\":\"sync\"}", NC_OK);
	}
	end(&s);
}

static void stop_ends_the_process_and_a_load_starts_another(void)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	char text[64];
	if (begin(&s)) {
		pid_t pid = pid_of_host(&s);
		CHECK_OK(nc_plugins_stop(s.f->plugins, "test.good", 1000000, &err), &err);
		CHECK(kill(pid, 0) < 0 && errno == ESRCH);
		CHECK_INT(nc_pinst_get_state(s.inst), NC_PINST_CLOSED);
		fixture_status(s.f, "test.good", "state", text, sizeof(text));
		CHECK_STR(text, "\"available\"");
		nc_pinst_unref(s.inst);
		s.inst = fixture_open(s.f, "test.good", "{}");
		CHECK(pid_of_host(&s) != pid);
		fixture_status(s.f, "test.good", "generation", text, sizeof(text));
		CHECK_STR(text, "2");
		CHECK_CODE(nc_plugins_stop(s.f->plugins, "no.such", 0, &err), NC_E_NOTFOUND);
	}
	end(&s);
}

static void instances_share_a_process_and_close_apart(void)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	nc_pinst *two = NULL;
	char text[64];
	if (begin(&s)) {
		nc_pinst_spec spec = { .plugin = "test.good",
			.name = "two",
			.config = nc_str("{}"),
			.max_concurrency = 2,
			.max_per_target = 1 };
		CHECK_OK(nc_pinst_open(s.f->plugins, &spec, &two, &err), &err);
		REQUIRE(two != NULL);
		waited_run(&s.w, two, "compute.create", "a", "{\"do\":\"sync\"}", NC_OK);
		pid_t pid = pid_of_host(&s);
		nc_pinst_close(s.inst, 0);
		waited_run(&s.w, two, "compute.create", "a", "{\"do\":\"sync\"}", NC_OK);
		CHECK(pid_of_host(&s) == pid);
		kill(pid, SIGKILL);
		CHECK(fixture_wait(s.f, &s.f->back, 1));
		CHECK(!fixture_wait_for(s.f, &s.f->lost, 2, 50)); /* the closed one is not told */
		fixture_status(s.f, "test.good", "restarts", text, sizeof(text));
		CHECK_STR(text, "1");
		waited_run(&s.w, two, "compute.create", "a", "{\"do\":\"sync\"}", NC_OK);
		nc_pinst_unref(two);
	}
	end(&s);
}

/* The process has the descriptors it was given and none of ours. */
static void the_process_inherits_nothing(void)
{
	setup s;
	char path[64], link[256];
	int extra = open("/dev/null", O_RDONLY); /* not close-on-exec */
	REQUIRE(extra >= 0);
	if (begin(&s)) {
		int n_null = 0;
		snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid_of_host(&s));
		DIR *dir = opendir(path);
		REQUIRE(dir != NULL);
		for (const struct dirent *e; (e = readdir(dir));) {
			ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);
			if (n <= 0)
				continue;
			link[n] = 0;
			n_null += strcmp(link, "/dev/null") == 0;
			CHECK(strstr(link, s.f->state_dir) == NULL);
		}
		closedir(dir);
		CHECK_INT(n_null, 1); /* stdin */
	}
	end(&s);
	close(extra);
}

static void hosts_die_with_the_daemon(void)
{
	int fds[2];
	REQUIRE(pipe(fds) == 0);
	fflush(NULL);
	pid_t daemon = fork();
	REQUIRE(daemon >= 0);
	if (daemon == 0) {
		setup s;
		pid_t host = begin(&s) ? pid_of_host(&s) : 0;
		if (write(fds[1], &host, sizeof(host)) != sizeof(host))
			_exit(1);
		for (;;)
			pause();
	}
	pid_t host = 0;
	CHECK(read(fds[0], &host, sizeof(host)) == sizeof(host));
	CHECK(host > 1);
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	char path[64], stat[512] = "";
	int64_t until = nc_clock_mono_us() + 10000000;
	int is_gone = 0;
	while (!is_gone && nc_clock_mono_us() < until) {
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)host);
		FILE *file = fopen(path, "r");
		/* An orphan nobody reaps in a container stays as a zombie. */
		is_gone = !file || !fgets(stat, sizeof(stat), file) || strstr(stat, ") Z ") != NULL;
		if (file)
			fclose(file);
		nc_clock_sleep_us(1000);
	}
	CHECK(is_gone);
	close(fds[0]);
	close(fds[1]);
}

static void status_names_what_runs(void)
{
	setup s;
	char text[8192];
	if (begin(&s)) {
		waited_start(&s.w, s.inst, "compute.create", "host-9", "{\"do\":\"wait\"}", 60000);
		nc_clock_sleep_us(5000);
		fixture_status(s.f, "test.good", "instances", text, sizeof(text));
		CHECK_HAS(text, "\"name\":\"one\"");
		CHECK_HAS(text, "\"verb\":\"compute.create\",\"target\":\"host-9\",\"key\":\"op_1."
				"step.0\"");
		CHECK_HAS(text, "\"state\":\"active\"");
		CHECK_HAS(text, "\"verbs\":[\"compute.inventory\",\"compute.create\"");
		fixture_status(s.f, "test.good", "isolation", text, sizeof(text));
		CHECK_STR(text, "\"process\"");
		nc_call_stop(s.w.call, NC_CANCEL);
		waited_wait(&s.w);
	}
	end(&s);
}

static void check_files(fixture *f, const char *state, const char *files, const char *reason)
{
	char text[1000];
	fixture_status(f, "test.good", "state", text, sizeof(text));
	CHECK_STR(text, state);
	fixture_status(f, "test.good", "files", text, sizeof(text));
	CHECK_STR(text, files);
	fixture_status(f, "test.good", "files_reason", text, sizeof(text));
	CHECK_HAS(text, reason);
}

static void append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* The code, and the manifest itself; in the status at once, without a load. */
static void a_change_on_disk_is_shown_before_anything_is_loaded(void)
{
	nc_error err = NC_ERROR_INIT;
	char *path = nc_test_path("changing"), command[9000];
	char file[4200], manifest[4200], schema[4200];
	struct stat st;
	snprintf(command, sizeof(command), "mkdir %s && cp -r %s/good %s/good && chmod -R u+w %s",
		path, NC_TEST_PLUGINS, path, path);
	REQUIRE(system(command) == 0);
	snprintf(file, sizeof(file), "%s/good/lib/plugin.so", path);
	snprintf(manifest, sizeof(manifest), "%s/good/manifest.json", path);
	snprintf(schema, sizeof(schema), "%s/good/schema.json", path);
	REQUIRE(stat(file, &st) == 0);
	fixture *f = fixture_new(&(fixture_options){
		.plugin = "test.good", .isolation = NC_ISO_PROCESS, .path = path });
	REQUIRE(f != NULL);
	check_files(f, "\"available\"", "\"intact\"", "");
	append(file, "x");
	check_files(f, "\"invalid\"", "\"changed\"", "its manifest says");
	check_files(f, "\"invalid\"", "\"changed\"", "its manifest says");
	CHECK_CODE(nc_plugins_load(f->plugins, "test.good", &err), NC_E_DENIED);
	CHECK_HAS(err.message, "lib/plugin.so");
	check_files(f, "\"invalid\"", "\"changed\"", "its manifest says");
	/* Whole again: nothing has to be done about it. */
	CHECK(truncate(file, st.st_size) == 0);
	check_files(f, "\"available\"", "\"intact\"", "");
	CHECK(chmod(schema, 0744) == 0);
	check_files(f, "\"invalid\"", "\"changed\"", "schema.json has mode 0744");
	CHECK(chmod(schema, 0644) == 0);
	check_files(f, "\"available\"", "\"intact\"", "");
	CHECK_OK(nc_plugins_load(f->plugins, "test.good", &err), &err);
	check_files(f, "\"loaded\"", "\"intact\"", "");
	append(manifest, " ");
	check_files(f, "\"loaded\"", "\"changed\"", "another manifest.json");
	CHECK(unlink(file) == 0);
	check_files(f, "\"loaded\"", "\"changed\"", "manifest");
	/* Quarantine stands above it. */
	CHECK_OK(nc_plugins_quarantine(f->plugins, "test.good", "looks odd", &err), &err);
	check_files(f, "\"quarantined\"", "\"changed\"", "");
	fixture_free(f);
	nc_free(path);
}

static void what_is_not_there_yet_says_so(void)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s)) {
		CHECK_CODE(nc_plugins_manage(s.f->plugins, "reload", "test.good", &err),
			NC_E_UNSUPPORTED);
		CHECK_HAS(err.hint, "stop the plugin");
		CHECK_CODE(nc_plugins_manage(s.f->plugins, "install", "x.ncp", &err),
			NC_E_UNSUPPORTED);
		CHECK_HAS(err.hint, "search path");
	}
	end(&s);
}

/* ---- exclusive ---- */

static nc_code open_named(setup *s, const char *name, nc_pinst **ret, nc_error *err)
{
	nc_pinst_spec spec = { .plugin = "test.exclusive", .name = name, .config = nc_str("{}") };
	nc_err_clear(err);
	return nc_pinst_open(s->f->plugins, &spec, ret, err);
}

/* An instance "one" that was closed while a call of it hung. */
static int begin_hung(setup *s, nc_isolation iso)
{
	memset(s, 0, sizeof(*s));
	waited_init(&s->w);
	s->f = fixture_new(&(fixture_options){ .plugin = "test.exclusive",
		.isolation = iso,
		.grace_us = 100000,
		.restart_us = 10000 });
	s->inst = s->f ? fixture_open(s->f, "test.exclusive", "{}") : NULL;
	if (!s->inst)
		return 0;
	waited_start(&s->w, s->inst, "compute.create", "h", "{\"do\":\"hang\"}", 20);
	return waited_wait(&s->w);
}

static void an_exclusive_plugin_that_hangs_in_the_daemon_is_not_opened_beside_itself(void)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	nc_pinst *again = NULL, *other = NULL;
	if (begin_hung(&s, NC_ISO_IN_PROCESS)) {
		nc_pinst_close(s.inst, 0);
		CHECK_CODE(open_named(&s, "one", &again, &err), NC_E_UNAVAILABLE);
		CHECK_HAS(err.message, "is exclusive");
		CHECK_HAS(err.hint, "restart the daemon");
		CHECK(again == NULL);
		CHECK_OK(open_named(&s, "two", &other, &err), &err);
		nc_pinst_unref(other);
	}
	end(&s);
}

static void an_exclusive_plugin_that_hangs_in_its_process_is_ended_with_it(void)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	nc_pinst *again = NULL, *other = NULL;
	nc_code rc = NC_E_UNAVAILABLE;
	if (begin_hung(&s, NC_ISO_PROCESS)) {
		CHECK_OK(open_named(&s, "two", &other, &err), &err);
		nc_pinst_close(s.inst, 0);
		CHECK(fixture_wait(s.f, &s.f->lost, 1)); /* the other went with the process … */
		CHECK(fixture_wait(s.f, &s.f->back, 1)); /* … and is back */
		int64_t until = nc_clock_mono_us() + 20000000;
		while (rc == NC_E_UNAVAILABLE && nc_clock_mono_us() < until) {
			rc = open_named(&s, "one", &again, &err); /* down: it is being restarted */
			nc_clock_sleep_us(1000);
		}
		CHECK_OK(rc, &err);
		nc_pinst_unref(again);
		nc_pinst_unref(other);
	}
	end(&s);
}

/* A plugin that says nothing of the kind is opened beside what hangs, as ever. */
static void another_plugin_is_opened_beside_what_hangs(void)
{
	setup s;
	memset(&s, 0, sizeof(s));
	waited_init(&s.w);
	s.f = fixture_new(&(fixture_options){
		.plugin = "test.good", .isolation = NC_ISO_IN_PROCESS, .grace_us = 100000 });
	s.inst = s.f ? fixture_open(s.f, "test.good", "{}") : NULL;
	if (s.inst) {
		waited_start(&s.w, s.inst, "compute.create", "h", "{\"do\":\"hang\"}", 20);
		waited_wait(&s.w);
		nc_pinst_close(s.inst, 0);
		nc_pinst_unref(s.inst);
		s.inst = fixture_open(s.f, "test.good", "{}");
		CHECK(s.inst != NULL);
	}
	end(&s);
}

NC_TESTS(plugin_host){
	T(calls_of_a_process_that_dies_end_unknown_and_the_instance_comes_back),
	T(a_crash_in_a_call_is_told_with_its_signal),
	T(while_it_is_down_calls_are_refused_with_a_time_to_come_back),
	T(five_deaths_in_ten_minutes_are_quarantine),
	T(quarantine_by_hand_ends_the_process_and_is_lifted_by_hand),
	T(stop_ends_the_process_and_a_load_starts_another),
	T(instances_share_a_process_and_close_apart),
	T(the_process_inherits_nothing),
	T(hosts_die_with_the_daemon),
	T(an_exclusive_plugin_that_hangs_in_the_daemon_is_not_opened_beside_itself),
	T(an_exclusive_plugin_that_hangs_in_its_process_is_ended_with_it),
	T(another_plugin_is_opened_beside_what_hangs),
	T(status_names_what_runs),
	T(a_change_on_disk_is_shown_before_anything_is_loaded),
	T(what_is_not_there_yet_says_so),
};
