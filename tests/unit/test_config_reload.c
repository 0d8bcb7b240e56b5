/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/reload.h"
#include "config_testing.h"

/* The holder: what a reload answers, keeps and replaces. */

static nc_config_holder *hold(const char *path, const char *text)
{
	nc_config_holder *h = NULL;
	nc_error err = NC_ERROR_INIT;

	nc_test_write(path, text);
	CHECK_OK(
		nc_config_holder_new((const char *const[]){ path }, 1,
			(const char *const[]){ "NOVACRON_VM_DEFAULT_NETWORK=env", "HOME=/x", NULL },
			&h, NULL, &err),
		&err);
	return h;
}

static void a_reload_says_per_key_what_it_takes(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("reload.yaml");
	_cleanup_(nc_config_holder_freep) nc_config_holder *h =
		hold(path, "logging: {level: info}\n");
	_cleanup_(nc_config_unrefp) const nc_config *now = NULL;
	_cleanup_(nc_buf_done) nc_buf json;
	nc_error err = NC_ERROR_INIT;
	nc_config_change change[8];
	size_t n = 0;

	REQUIRE(h);
	nc_test_write(path, "logging: {level: debug}\nplugins: {allow: [sim]}\n"
			    "system: {max_concurrency: 5}\nvm: {default_network: ignored}\n");
	CHECK_OK(nc_config_holder_reload(h, change, NC_LEN(change), &n, NULL, &err), &err);
	REQUIRE(n == 3);
	nc_buf_init(&json, 4096);
	nc_config_diff_json(change, n, &json);
	CHECK_STR(json.ptr, "[{\"key\":\"system.max_concurrency\",\"result\":\"needs_restart\"},"
			    "{\"key\":\"logging.level\",\"result\":\"applied\"},"
			    "{\"key\":\"plugins.allow\",\"result\":\"needs_plugin_reload\"}]");
	now = nc_config_holder_get(h);
	CHECK_INT(now->logging.level, 3);
	CHECK_UINT(now->plugins.allow.n, 1);
	CHECK_STR(now->vm.default_network, "env");
}

static void what_needs_a_restart_keeps_its_value_until_then(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("restart.yaml");
	_cleanup_(nc_config_holder_freep) nc_config_holder *h =
		hold(path, "system: {data_dir: /one}\n");
	nc_error err = NC_ERROR_INIT;
	nc_config_change change[1];
	size_t n = 0;

	REQUIRE(h);
	nc_test_write(path, "system: {data_dir: /two}\ndatabase: {options: {a: 1}}\n");
	for (int turn = 0; turn < 2; turn++) {
		_cleanup_(nc_config_unrefp) const nc_config *now = NULL;
		CHECK_OK(nc_config_holder_reload(h, change, NC_LEN(change), &n, NULL, &err), &err);
		CHECK_UINT(
			n, 5); /* data_dir, three paths below it, options; told again each time */
		now = nc_config_holder_get(h);
		CHECK_STR(now->system.data_dir, "/one");
		CHECK_STR(now->security.key_file, "/one/master.key");
		CHECK_STR(now->database.options_json, "{}");
		CHECK_HAS(nc_config_origin(now, "system.data_dir"), "restart.yaml:1");
	}
	nc_test_write(path, "system: {data_dir: /one}\n");
	CHECK_OK(nc_config_holder_reload(h, change, NC_LEN(change), &n, NULL, &err), &err);
	CHECK_UINT(n, 0);
}

static void a_fault_keeps_the_old_snapshot(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("fault.yaml");
	_cleanup_(nc_config_holder_freep) nc_config_holder *h =
		hold(path, "logging: {level: warn}\n");
	_cleanup_(nc_config_unrefp) const nc_config *before = NULL, *after = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_config_report report;
	size_t n = 77;

	REQUIRE(h);
	before = nc_config_holder_get(h);
	nc_test_write(path, "logging: {level: debug}\nserver: {api_port: x}\n");
	CHECK_CODE(nc_config_holder_reload(h, NULL, 0, &n, &report, &err), NC_E_INVAL);
	CHECK_UINT(n, 77);
	CHECK_UINT(report.n_faults, 1);
	CHECK_UINT(report.fault[0].line, 2);
	nc_test_write(path, "database: {driver: postgres}\n");
	CHECK_CODE(nc_config_holder_reload(h, NULL, 0, &n, &report, &err), NC_E_UNSUPPORTED);
	remove(path);
	CHECK_CODE(nc_config_holder_reload(h, NULL, 0, &n, &report, &err), NC_E_NOTFOUND);
	after = nc_config_holder_get(h);
	CHECK(before == after);
	CHECK_INT(after->logging.level, 1);
}

typedef struct user {
	nc_config_holder *h;
	int refuses, n_prepared, n_applied, level_applied;
} user;

static nc_code prepare(
	void *ctx, const nc_config *now, const nc_config *next, const char **ret_key, nc_error *err)
{
	user *u = ctx;
	u->n_prepared++;
	CHECK_INT(now->logging.level, 1);
	CHECK_INT(next->logging.level, 3);
	*ret_key = "logging.file";
	return u->refuses ? nc_err(err, NC_E_DENIED, "no such place") : NC_OK;
}

static void apply(void *ctx, const nc_config *now)
{
	user *u = ctx;
	nc_error err = NC_ERROR_INIT;

	u->n_applied++;
	u->level_applied = (int)now->logging.level;
	/* Whoever comes meanwhile can't overtake what is being applied. */
	CHECK_CODE(nc_config_holder_reload(u->h, NULL, 0, NULL, NULL, &err), NC_E_BUSY);
}

static void its_user_may_refuse_a_snapshot_and_applies_it_within_the_reload(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("user.yaml");
	_cleanup_(nc_config_holder_freep) nc_config_holder *h =
		hold(path, "logging: {level: warn}\n");
	_cleanup_(nc_config_unrefp) const nc_config *kept = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_config_report report;
	user u = { .h = h, .refuses = 1 };

	REQUIRE(h);
	nc_config_holder_serve(h, &(nc_config_user){ prepare, apply, &u });
	nc_test_write(path, "logging:\n  level: debug\n  file: /x\n");
	CHECK_CODE(nc_config_holder_reload(h, NULL, 0, NULL, &report, &err), NC_E_INVAL);
	CHECK_HAS(err.message, "user.yaml:3:9: logging.file: no such place");
	CHECK_UINT(report.n_faults, 1);
	kept = nc_config_holder_get(h);
	CHECK_INT(kept->logging.level, 1);
	CHECK_INT(u.n_applied, 0);
	u.refuses = 0;
	CHECK_OK(nc_config_holder_reload(h, NULL, 0, NULL, NULL, &err), &err);
	CHECK_INT(u.n_prepared, 2);
	CHECK_INT(u.n_applied, 1);
	CHECK_INT(u.level_applied, 3);
}

static void an_old_snapshot_outlives_its_replacement(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("outlive.yaml");
	_cleanup_(nc_config_holder_freep) nc_config_holder *h =
		hold(path, "plugins: {allow: [\"sim:in_process\"]}\n");
	_cleanup_(nc_config_unrefp) const nc_config *old = NULL;
	nc_error err = NC_ERROR_INIT;

	REQUIRE(h);
	old = nc_config_holder_get(h);
	nc_test_write(path, "plugins: {allow: []}\n");
	CHECK_OK(nc_config_holder_reload(h, NULL, 0, NULL, NULL, &err), &err);
	CHECK_STR(old->plugins.allow.v[0].id, "sim");
}

static void relative_names_survive_a_change_of_folder(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("relative.yaml");
	_cleanup_(nc_config_holder_freep) nc_config_holder *h = NULL;
	char here[4096];
	nc_error err = NC_ERROR_INIT;

	REQUIRE(getcwd(here, sizeof(here)) && chdir(nc_test_dir()) == 0);
	h = hold("relative.yaml", "logging: {level: warn}\n");
	CHECK(chdir("/") == 0);
	REQUIRE(h);
	nc_test_write(path, "logging: {level: debug}\n");
	CHECK_OK(nc_config_holder_reload(h, NULL, 0, NULL, NULL, &err), &err);
	CHECK(chdir(here) == 0);
}

/* Readers on threads of their own while reloads swap the snapshot under them. */
typedef struct race {
	nc_config_holder *h;
	atomic_int stop, torn;
} race;

static void *read_snapshots(void *arg)
{
	race *r = arg;

	while (!atomic_load(&r->stop)) {
		const nc_config *c = nc_config_holder_get(r->h);
		/* Both come from one file, so they change together or not at all. */
		if ((c->ops.per_host == 1) != !strcmp(c->vm.default_network, "one"))
			atomic_store(&r->torn, 1);
		nc_config_unref(c);
	}
	return NULL;
}

static void readers_see_one_file_or_the_other(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("race.yaml");
	race r = { 0 };
	nc_error err = NC_ERROR_INIT;
	pthread_t threads[3];

	nc_test_write(path, "ops: {per_host: 1}\nvm: {default_network: one}\n");
	CHECK_OK(nc_config_holder_new((const char *const[]){ path }, 1, NULL, &r.h, NULL, &err),
		&err);
	REQUIRE(r.h);
	for (size_t i = 0; i < NC_LEN(threads); i++)
		CHECK(pthread_create(&threads[i], NULL, read_snapshots, &r) == 0);
	for (int i = 0; i < 50; i++) {
		nc_test_write(path, i & 1 ? "ops: {per_host: 1}\nvm: {default_network: one}\n"
					  : "ops: {per_host: 2}\nvm: {default_network: two}\n");
		CHECK_OK(nc_config_holder_reload(r.h, NULL, 0, NULL, NULL, &err), &err);
	}
	atomic_store(&r.stop, 1);
	for (size_t i = 0; i < NC_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	CHECK(!atomic_load(&r.torn));
	nc_config_holder_free(r.h);
}

static void every_allocation_may_fail(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("torture.yaml");
	nc_code rc = NC_OK;

	nc_test_write(path, "plugins: {path: [/a]}\n");
	NC_TORTURE(rc)
	{
		_cleanup_(nc_config_holder_freep) nc_config_holder *h = NULL;
		rc = nc_config_holder_new((const char *const[]){ path }, 1,
			(const char *const[]){ "NOVACRON_LOG_LEVEL=info", NULL }, &h, NULL, NULL);
		CHECK((rc == NC_OK) == (h != NULL));
	}
}

static void a_reload_out_of_memory_keeps_the_old_snapshot(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("oom.yaml");
	_cleanup_(nc_config_holder_freep) nc_config_holder *h =
		hold(path, "system: {data_dir: /one}\nserver: {uid_map: [\"5:viewer\"]}\n");
	nc_code rc = NC_OK;

	REQUIRE(h);
	nc_test_write(path, "system: {data_dir: /two}\nlogging: {level: trace}\n"
			    "database: {options: {a: b}}\n");
	NC_TORTURE(rc)
	{
		const nc_config *before = nc_config_holder_get(h);
		const nc_config *after;
		rc = nc_config_holder_reload(h, NULL, 0, NULL, NULL, NULL);
		after = nc_config_holder_get(h);
		CHECK((rc == NC_OK) == (before != after));
		CHECK_STR(after->system.data_dir, "/one");
		nc_config_unref(before);
		nc_config_unref(after);
	}
}

NC_TESTS(config_reload){ T(a_reload_says_per_key_what_it_takes),
	T(what_needs_a_restart_keeps_its_value_until_then), T(a_fault_keeps_the_old_snapshot),
	T(an_old_snapshot_outlives_its_replacement), T(relative_names_survive_a_change_of_folder),
	T(readers_see_one_file_or_the_other), T(every_allocation_may_fail),
	T(its_user_may_refuse_a_snapshot_and_applies_it_within_the_reload),
	T(a_reload_out_of_memory_keeps_the_old_snapshot) };
