/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "novacron/companions.h"
#include "plugin_fixture.h"
#include "testing.h"
#include "wrap_system.h"

/*
 * The whole way of a plugin with the n-th allocation, or the n-th system call, of the whole process
 * failing, whichever thread it comes on, for every n until none failed: in the process of the loader,
 * in nc-plugin-host, and in its probe. Passed through, here and in
 * nc-plugin-host: nc_plugins_new, _scan, _load (manifest, schema, verify, seal, exports, probe, its
 * verdict's memory, sentinels, dlopen or spawn and hello), nc_pinst_open (configuration, defaults,
 * secrets, create), an operation, a query whose objects outgrow a frame, a secret opened by the
 * plugin, a checkpoint, a log line, a timer, a watched descriptor, reports, recover, a stream,
 * nc_pinst_health, nc_pinst_reconfigure, nc_plugins_render, nc_pinst_close, nc_plugins_stop,
 * nc_plugins_free. And, as an operator goes: nc_plugins_schema, _validate, _quarantine, _release,
 * the typed shapes, and a process that is killed and comes back.
 *
 * Each run is a process of its own. A step may fail, saying why; nothing may crash, hang or be left
 * behind; nothing is held against the plugin; and as soon as the shortage is over, the same loader
 * loads and serves it.
 */

typedef struct verdict {
	int has_failed;
	char failed[64], step[64], fault[600];
} verdict;

typedef struct torture torture;
struct torture {
	verdict *v;
	fixture f;
	void (*way)(torture *t);
	nc_isolation isolation;
	const char *host; /* NULL: the fault is ours; else a host program's */
	const char *state_dir;
	int is_held; /* in quarantine, or it may be */
	atomic_int is_back;
	nc_pinst *inst;
	waited w;
};

#define FAULT(t, ...)                                                                              \
	do {                                                                                       \
		if (!(t)->v->fault[0])                                                             \
			snprintf((t)->v->fault, sizeof((t)->v->fault), __VA_ARGS__);               \
	} while (0)

/* Whether to go on; an error must say why, and blame nobody. */
static int passed(torture *t, const char *step, nc_code rc, const nc_error *err)
{
	snprintf(t->v->step, sizeof(t->v->step), "%s", step);
	if (rc == NC_OK)
		return 1;
	if (err->code != rc || !err->message[0])
		FAULT(t, "%s: code %d, error %d without a reason", step, rc, err->code);
	/* A manifest that the disk could not read is no plugin: that it is not there is the truth. */
	int is_read = rc == NC_E_NOTFOUND && wrap_system_errno() == EIO;
	if (!is_read &&
		(rc == NC_E_PROTO || rc == NC_E_INVAL || rc == NC_E_DENIED || rc == NC_E_NOTFOUND))
		FAULT(t, "%s blames somebody: %d %s", step, rc, err->message);
	return 0;
}

static int make(torture *t)
{
	static const char *const path[] = { NC_TEST_TORTURE };
	const nc_plugin_allow allow = { "test.good", t->isolation };
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_plugins_new(&(nc_plugins_options){ .search_path = path,
					    .n_search = 1,
					    .allow = &allow,
					    .n_allow = 1,
					    .state_dir = t->state_dir,
					    .host_binary = t->host ? t->host : NC_TEST_HOST,
					    .installation_id = "inst_test",
					    .restart_us = 1000,
					    .health_every_us = -1 },
		&t->f.plugins, &err);
	return passed(t, "new", rc, &err);
}

static int load(torture *t)
{
	nc_error err = NC_ERROR_INIT;
	if (!passed(t, "scan", nc_plugins_scan(t->f.plugins, &err), &err))
		return 0;
	return passed(t, "load", nc_plugins_load(t->f.plugins, "test.good", &err), &err);
}

static nc_code open_one(torture *t, nc_error *err)
{
	return nc_pinst_open(t->f.plugins,
		&(nc_pinst_spec){ .plugin = "test.good",
			.name = "one",
			.config = nc_str("{\"password\":\"abc-def-ghi\",\"label\":\"a\"}"),
			.create_timeout_us = 10000000 },
		&t->inst, err);
}

static int send_and_wait(torture *t, nc_call_spec *spec, const char *step)
{
	nc_error err = NC_ERROR_INIT;
	spec->deadline_us = nc_clock_mono_us() + 10000000;
	t->w.is_done = 0;
	nc_code rc = nc_pinst_call(t->inst, spec, NULL, &err);
	if (rc == NC_OK && !waited_wait(&t->w)) {
		FAULT(t, "%s %s never ends", spec->verb, step);
		_exit(1);
	}
	return passed(t, step, rc == NC_OK ? t->w.code : rc, rc == NC_OK ? &t->w.err : &err);
}

static int call(torture *t, const char *verb, const char *request)
{
	nc_call_spec spec = waited_spec(&t->w, verb, "h", request);
	return send_and_wait(t, &spec, request);
}

static int stream(torture *t)
{
	nc_error err = NC_ERROR_INIT;
	int fd = -1;
	nc_call_spec spec = waited_spec(&t->w, "stream.open", "h", "{}");
	spec.deadline_us = nc_clock_mono_us() + 10000000;
	t->w.is_done = 0;
	nc_code rc = nc_pinst_stream(t->inst, &spec, &fd, NULL, &err);
	nc_closep(&fd);
	if (rc == NC_OK)
		(void)waited_wait(&t->w);
	return passed(t, "stream", rc, &err);
}

static int ask(torture *t)
{
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_buf_done) nc_buf out;
	nc_buf_init(&out, 1 << 20);
	if (!passed(t, "health", nc_pinst_health(t->inst, 10000000, &out, &err), &err))
		return 0;
	nc_code rc = nc_pinst_reconfigure(
		t->inst, nc_str("{\"password\":\"abc-def-ghi\",\"label\":\"b\"}"), &err);
	if (!passed(t, "reconfigure", rc, &err))
		return 0;
	rc = nc_plugins_render(t->f.plugins, NULL, &out, &err);
	return passed(t, "status", rc, &err);
}

static void all_steps(torture *t)
{
	nc_error err = NC_ERROR_INIT;
	if (!make(t) || !load(t) || !passed(t, "open", open_one(t, &err), &err))
		return;
	if (!call(t, "compute.create", "{\"do\":\"sync\"}") ||
		!call(t, "compute.create", "{\"do\":\"big\"}") ||
		!call(t, "compute.create", "{\"do\":\"secret\"}") ||
		!call(t, "compute.create", "{\"do\":\"checkpoint\"}") ||
		!call(t, "compute.create", "{\"do\":\"log\"}") ||
		!call(t, "compute.create", "{\"do\":\"timer\"}") ||
		!call(t, "compute.create", "{\"do\":\"fdwatch\"}") ||
		!call(t, "compute.create", "{\"do\":\"report\"}") ||
		!call(t, "compute.recover", "{\"s\":\"done\"}") ||
		!call(t, "compute.inventory", "{\"do\":\"big\"}") || !stream(t) || !ask(t))
		return;
	nc_pinst_close(t->inst, 1000000);
	nc_pinst_unref(nc_steal(&t->inst));
	passed(t, "stop", nc_plugins_stop(t->f.plugins, "test.good", 0, &err), &err);
}

/* ---- what an operator does ---- */

static int read_about(torture *t)
{
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_buf_done) nc_buf out;
	nc_buf_init(&out, 1 << 20);
	if (!passed(t, "schema", nc_plugins_schema(t->f.plugins, "test.good", &out, &err), &err))
		return 0;
	if (!out.len || !strstr(out.ptr, "\"x-secret\""))
		FAULT(t, "schema: %.300s", out.len ? out.ptr : "");
	nc_buf_reset(&out);
	nc_code rc = nc_plugins_validate(
		t->f.plugins, "test.good", nc_str("{\"hosts\":0,\"pin\":\"x\"}"), &out, &err);
	if (!passed(t, "validate", rc, &err))
		return 0;
	if (!out.len || !strstr(out.ptr, "\"hosts\"") || !strstr(out.ptr, "\"pin\""))
		FAULT(t, "validate: %.300s", out.len ? out.ptr : "");
	return 1;
}

static int hold_and_release(torture *t)
{
	nc_error err = NC_ERROR_INIT;
	t->is_held = 1; /* also where it only may be: the record may lie there and not be synced */
	nc_code rc = nc_plugins_quarantine(t->f.plugins, "test.good", "to try it", &err);
	if (!passed(t, "quarantine", rc, &err))
		return 0;
	rc = nc_plugins_load(t->f.plugins, "test.good", &err);
	if (rc != NC_E_UNAVAILABLE && rc != NC_E_NOMEM)
		FAULT(t, "in quarantine, load says %d %s", rc, err.message);
	rc = nc_plugins_release(t->f.plugins, "test.good", &err);
	if (!passed(t, "release", rc, &err))
		return 0;
	t->is_held = 0;
	return 1;
}

static int typed_calls(torture *t)
{
	uint64_t req[] = { 1 }, free_[] = { 10, 20 };
	uint32_t off[] = { 0, 1 }, cand[] = { 1 };
	nc_bytes guests[] = { nc_str("a"), nc_str("bcd") };
	nc_score_batch batch = { .struct_size = sizeof(batch),
		.n_req = 1,
		.n_cand = 1,
		.n_res = 1,
		.req = req,
		.free = free_,
		.cand_off = off,
		.cand = cand };
	nc_call_spec spec = waited_spec(&t->w, "stats.sample", "h", "");
	spec.guests = guests;
	spec.n_guests = 2;
	if (!send_and_wait(t, &spec, "stats"))
		return 0;
	spec = waited_spec(&t->w, "scheduler.score", "", "");
	spec.batch = &batch;
	spec.n_hosts = 2;
	return send_and_wait(t, &spec, "score");
}

static int pid_of(torture *t)
{
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_buf_done) nc_buf out;
	nc_buf_init(&out, 1 << 20);
	nc_code rc = nc_plugins_render(t->f.plugins, "test.good", &out, &err);
	if (!passed(t, "status", rc, &err))
		return 0;
	const char *at = strstr(out.ptr, "\"pid\":");
	if (!at)
		FAULT(t, "status: %.300s", out.ptr);
	return at ? (int)strtol(at + strlen("\"pid\":"), NULL, 10) : 0;
}

static void on_back(void *user, nc_pinst *inst)
{
	torture *t = user;
	(void)inst;
	atomic_store(&t->is_back, 1);
}

/* Its process is killed and comes back, with its instance. */
static int lose_and_have_back(torture *t)
{
	nc_plugins_set_hooks(t->f.plugins, &(nc_plugin_hooks){ .user = t, .host_back = on_back });
	int pid = pid_of(t);
	if (pid <= 0)
		return 0;
	snprintf(t->v->step, sizeof(t->v->step), "back");
	kill(pid, SIGKILL);
	for (int i = 0; i < 100000 && !atomic_load(&t->is_back); i++)
		nc_clock_sleep_us(100);
	if (!atomic_load(&t->is_back))
		FAULT(t, "its instance stays %s", nc_pinst_state_name(nc_pinst_get_state(t->inst)));
	return atomic_load(&t->is_back);
}

static void operators_steps(torture *t)
{
	nc_error err = NC_ERROR_INIT;
	if (!make(t) || !passed(t, "scan", nc_plugins_scan(t->f.plugins, &err), &err) ||
		!read_about(t) || !hold_and_release(t) || !load(t) ||
		!passed(t, "open", open_one(t, &err), &err) || !typed_calls(t) ||
		!lose_and_have_back(t) || !call(t, "compute.create", "{\"do\":\"sync\"}"))
		return;
	nc_pinst_close(t->inst, 1000000);
	nc_pinst_unref(nc_steal(&t->inst));
	passed(t, "stop", nc_plugins_stop(t->f.plugins, "test.good", 0, &err), &err);
}

/* ---- afterwards ---- */

/* A process that was lost comes back by itself; an instance that was left open is taken as it is. */
static void serve_again(torture *t)
{
	nc_error err = NC_ERROR_INIT;
	nc_code rc = NC_OK;
	if (t->inst) {
		nc_pinst_close(t->inst, 0);
		nc_pinst_unref(nc_steal(&t->inst));
	}
	if (t->is_held && t->f.plugins)
		(void)nc_plugins_release(t->f.plugins, "test.good", NULL);
	if ((!t->f.plugins && !make(t)) || !load(t)) {
		FAULT(t, "it can't be loaded afterwards, at %s", t->v->step);
		return;
	}
	for (int i = 0; i < 10000 && (rc = open_one(t, &err)) == NC_E_UNAVAILABLE; i++)
		nc_clock_sleep_us(1000);
	if (rc != NC_OK)
		FAULT(t, "it can't be opened afterwards: %d %s", rc, err.message);
	else if (!call(t, "compute.create", "{\"do\":\"sync\"}"))
		FAULT(t, "it does not serve afterwards: %d %s", t->w.code, t->w.err.message);
}

static void check_record(torture *t)
{
	char text[1000], path[4096];
	fixture_status(&t->f, "test.good", "strikes", text, sizeof(text));
	if (strcmp(text, "{}") != 0)
		FAULT(t, "strikes: %.300s", text);
	fixture_status(&t->f, "test.good", "state", text, sizeof(text));
	if (strcmp(text, "\"loaded\"") != 0)
		FAULT(t, "state: %.300s", text);
	snprintf(path, sizeof(path), "%s/quarantine/test.good.json", t->state_dir);
	if (access(path, F_OK) == 0)
		FAULT(t, "it was quarantined");
}

/* Descriptors that are open, but those that are to stay: of code that is mapped, and the one that a
 * crash is written to. */
static int count_fds(void)
{
	char link[300];
	int n = 0;
	DIR *dir = opendir("/proc/self/fd");
	for (const struct dirent *e; dir && (e = readdir(dir));) {
		ssize_t len = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);
		link[len > 0 ? len : 0] = 0;
		n += len > 0 && strncmp(link, "/memfd:nc-plugin-", 17) != 0 &&
		     !strstr(link, "/crashed");
	}
	closedir(dir);
	return n;
}

extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void check_remains(torture *t, int fds_before)
{
	int fds = count_fds();
	if (fds != fds_before)
		FAULT(t, "%d descriptors are left of it", fds - fds_before);
	if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
		FAULT(t, "a process is left of it");
	if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
		FAULT(t, "memory is left of it");
}

/* What failed in the host process, or NULL; those to come are whole. */
static const char *take_hit(char *name, size_t cap)
{
	(void)unlink(NC_TEST_FAULTY_HOST ".plan");
	FILE *file = fopen(NC_TEST_FAULTY_HOST ".hit", "r");
	if (!file)
		return NULL;
	if (!fgets(name, (int)cap, file))
		name[0] = 0;
	fclose(file);
	(void)unlink(NC_TEST_FAULTY_HOST ".hit");
	return name;
}

static void run(torture *t, wrap_class class, uint64_t n)
{
	int fds = count_fds();
	pthread_mutex_init(&t->f.lock, NULL);
	pthread_cond_init(&t->f.changed, NULL);
	waited_init(&t->w);
	nc_log_set_level(getenv("NC_TEST_LOG") ? L_INFO : L_ERROR);
	wrap_system_arm(class, n);
	t->way(t);
	const char *failed = wrap_system_disarm();
	char hit[64] = "";
	if (t->host)
		failed = take_hit(hit, sizeof(hit));
	char step[sizeof(t->v->step)];
	memcpy(step, t->v->step, sizeof(step));
	t->v->has_failed = failed != NULL;
	snprintf(t->v->failed, sizeof(t->v->failed), "%s", failed ? failed : "nothing");
	serve_again(t);
	if (t->f.plugins)
		check_record(t);
	if (t->inst)
		nc_pinst_unref(t->inst);
	nc_plugins_free(t->f.plugins);
	waited_done(&t->w);
	check_remains(t, fds);
	memcpy(t->v->step, step, sizeof(step));
}

/* In a process of its own; *ret_status as of waitpid. */
static void run_apart(const torture *as, wrap_class class, uint64_t n, verdict *v, int *ret_status)
{
	char name[NC_ID_MAX];
	int fds[2];
	memset(v, 0, sizeof(*v));
	nc_id_make("state", name);
	_cleanup_(nc_freep) char *state_dir = nc_test_path(name);
	REQUIRE(pipe(fds) == 0);
	fflush(NULL);
	pid_t pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		torture t = { .way = as->way, .isolation = as->isolation, .host = as->host };
		t.v = v;
		t.state_dir = state_dir;
		close(fds[0]);
		alarm(60);
		run(&t, class, t.host ? 0 : n);
		_exit(write(fds[1], v, sizeof(*v)) == (ssize_t)sizeof(*v) ? 0 : 9);
	}
	close(fds[1]);
	ssize_t got = read(fds[0], v, sizeof(*v));
	close(fds[0]);
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
	if (got != (ssize_t)sizeof(*v) && *ret_status == 0)
		*ret_status = 9 << 8;
}

/* Sanitizers make a run many times as long: they get a sample, another one each time, unless
 * NC_TEST_LONG is set. An operator's way begins as the other does, and is sampled more thinly. */
static unsigned stride_of(void (*way)(torture *t))
{
	if (!NC_SANITIZED || getenv("NC_TEST_LONG"))
		return 1;
	return way == operators_steps ? 29 : 11;
}

static void write_plan(wrap_class class, uint64_t n, const char *mode)
{
	char text[64];
	snprintf(text, sizeof(text), "%u %llu %s\n", (unsigned)class, (unsigned long long)n, mode);
	(void)unlink(NC_TEST_FAULTY_HOST ".hit");
	nc_test_write(NC_TEST_FAULTY_HOST ".plan", text);
}

/* mode: the fault is in a host process started so; NULL: here. */
static void run_way(const char *name, void (*way)(torture *t), nc_isolation isolation,
	wrap_class class, const char *mode)
{
	const char *only = getenv("NC_TORTURE_ONLY");
	const torture as = {
		.way = way, .isolation = isolation, .host = mode ? NC_TEST_FAULTY_HOST : NULL
	};
	const unsigned stride = stride_of(way);
	uint64_t n = only ? strtoull(only, NULL, 10) : 1 + nc_test_random() % stride;
	unsigned n_bad = 0;
	verdict v = { .has_failed = 1 };
	for (; v.has_failed && n_bad < 10; n += stride) {
		int status = 0;
		char text[900];
		if (mode)
			write_plan(class, n, mode);
		run_apart(&as, class, n, &v, &status);
		snprintf(text, sizeof(text), "%s, %s %llu (%s, in %s): status %x, %s", name,
			class == WRAP_MEMORY ? "allocation" : "call", (unsigned long long)n,
			v.failed, v.step, (unsigned)status, v.fault);
		n_bad += !nc_check_true(status == 0 && !v.fault[0], text, __FILE__, __LINE__);
		v.has_failed |= status != 0;
		if (only)
			return;
	}
	printf("# %s: %s %llu was the last, every %uth\n", name,
		class == WRAP_MEMORY ? "allocation" : "system call", (unsigned long long)n, stride);
	CHECK(n > 9);
}

static void run_all(const char *name, nc_isolation isolation, wrap_class class, const char *mode)
{
	run_way(name, all_steps, isolation, class, mode);
}

static void every_allocation_may_fail_here(void)
{
	run_all("here", NC_ISO_IN_PROCESS, WRAP_MEMORY, NULL);
}

static void every_allocation_may_fail_with_the_plugin_in_a_process(void)
{
	run_all("in a process", NC_ISO_PROCESS, WRAP_MEMORY, NULL);
}

static void every_system_call_may_fail_here(void)
{
	run_all("here", NC_ISO_IN_PROCESS, WRAP_SYSTEM, NULL);
}

static void every_system_call_may_fail_with_the_plugin_in_a_process(void)
{
	run_all("in a process", NC_ISO_PROCESS, WRAP_SYSTEM, NULL);
}

static void every_allocation_may_fail_in_the_host_process(void)
{
	run_all("in its host", NC_ISO_PROCESS, WRAP_MEMORY, "--serve");
}

static void every_system_call_may_fail_in_the_host_process(void)
{
	run_all("in its host", NC_ISO_PROCESS, WRAP_SYSTEM, "--serve");
}

static void every_allocation_may_fail_in_the_probe(void)
{
	run_all("in the probe", NC_ISO_PROCESS, WRAP_MEMORY, "--probe");
}

static void every_system_call_may_fail_in_the_probe(void)
{
	run_all("in the probe", NC_ISO_PROCESS, WRAP_SYSTEM, "--probe");
}

static void every_allocation_may_fail_as_an_operator_goes(void)
{
	run_way("as an operator goes", operators_steps, NC_ISO_PROCESS, WRAP_MEMORY, NULL);
}

static void every_system_call_may_fail_as_an_operator_goes(void)
{
	run_way("as an operator goes", operators_steps, NC_ISO_PROCESS, WRAP_SYSTEM, NULL);
}

NC_TESTS(plugin_torture){
	T(every_allocation_may_fail_here),
	T(every_allocation_may_fail_with_the_plugin_in_a_process),
	T(every_system_call_may_fail_here),
	T(every_system_call_may_fail_with_the_plugin_in_a_process),
	T(every_allocation_may_fail_in_the_host_process),
	T(every_system_call_may_fail_in_the_host_process),
	T(every_allocation_may_fail_in_the_probe),
	T(every_system_call_may_fail_in_the_probe),
	T(every_allocation_may_fail_as_an_operator_goes),
	T(every_system_call_may_fail_as_an_operator_goes),
};
