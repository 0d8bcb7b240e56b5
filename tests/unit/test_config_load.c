/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "config/yaml.h"
#include "config_testing.h"

/* Files: what is taken, what is refused, and how the refusal reads. */

static void later_files_override_earlier_ones_key_by_key(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r,
		(const char *const[]){ "server: {api_port: 1000, ws_port: 1001}\nvm: {}\n",
			"server: {api_port: 2000}\n", "# nothing here\n", NULL },
		NULL);
	REQUIRE(r.cfg);
	CHECK_INT(r.cfg->server.api_port, 2000);
	CHECK_INT(r.cfg->server.ws_port, 1001);
	CHECK_HAS(nc_config_origin(r.cfg, "server.api_port"), "/1.yaml:1");
	CHECK_HAS(nc_config_origin(r.cfg, "server.ws_port"), "/0.yaml:1");
}

static void every_type_is_read(void)
{
	_cleanup_(load_run_done) load_run r;

	load_text(&r, "server:\n"
		      "  socket_mode: 0600\n"
		      "  uid_map: [\"1000:viewer\", {uid: 1001, role: Administrator}]\n"
		      "logging: {level: DEBUG, format: text, file: /tmp/x.log}\n"
		      "store: {log_retention: 90m}\n"
		      "sched: {vcpu_ratio: 2.5, algorithm: best-fit}\n"
		      "plugins:\n"
		      "  path: [\"${system.data_dir}/p\", /opt/plugins]\n"
		      "  allow:\n"
		      "    - sim\n"
		      "    - kvm:in_process\n"
		      "    - id: com.acme.gpu\n"
		      "      isolation: process\n"
		      "system: {data_dir: /srv/nc, node_id: Rack-1.a}\n"
		      "dwcp:\n"
		      "  enable_v3_compression: off\n"
		      "  transport: {min_streams: 8, congestion_algo: cubic}\n"
		      "  compression: {algorithm: none}\n"
		      "  forced_mode: hybrid\n");
	REQUIRE(r.cfg);
	CHECK_UINT(r.cfg->server.socket_mode, 0600);
	REQUIRE(r.cfg->server.uid_map.n == 2);
	CHECK_UINT(r.cfg->server.uid_map.v[0].uid, 1000);
	CHECK(r.cfg->server.uid_map.v[0].role == NC_CONFIG_VIEWER);
	CHECK(r.cfg->server.uid_map.v[1].role == NC_CONFIG_ADMINISTRATOR);
	CHECK_INT(r.cfg->logging.level, 3);
	CHECK_STR(r.cfg->logging.file, "/tmp/x.log");
	CHECK_INT(r.cfg->store.log_retention_us, INT64_C(5400000000));
	CHECK(!r.cfg->dwcp.enable_v3_compression);
	CHECK(r.cfg->sched.vcpu_ratio == 2.5);
	CHECK(r.cfg->sched.algorithm == NC_CONFIG_BEST_FIT);
	REQUIRE(r.cfg->plugins.path.n == 2);
	CHECK_STR(r.cfg->plugins.path.v[0], "/srv/nc/p");
	CHECK_STR(r.cfg->plugins.path.v[1], "/opt/plugins");
	REQUIRE(r.cfg->plugins.allow.n == 3);
	CHECK(r.cfg->plugins.allow.v[0].isolation == NC_CONFIG_PROCESS);
	CHECK(r.cfg->plugins.allow.v[1].isolation == NC_CONFIG_IN_PROCESS);
	CHECK_STR(r.cfg->plugins.allow.v[2].id, "com.acme.gpu");
	CHECK_STR(r.cfg->security.key_file, "/srv/nc/master.key");
	CHECK_STR(r.cfg->system.node_id, "Rack-1.a");
	CHECK_INT(r.cfg->dwcp.min_streams, 8);
	CHECK(r.cfg->dwcp.congestion_algo == NC_CONFIG_CUBIC);
	CHECK(r.cfg->dwcp.compression_algorithm == NC_CONFIG_NONE);
	CHECK(r.cfg->dwcp.forced_mode == NC_CONFIG_DWCP_HYBRID);
}

static void null_goes_back_to_the_default(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r,
		(const char *const[]){ "server: {api_port: 1000}\nsystem:\n",
			"server:\n  api_port: ~\n  ws_port:\nvm: null\n", NULL },
		NULL);
	REQUIRE(r.cfg);
	CHECK_INT(r.cfg->server.api_port, 8090);
	CHECK_INT(r.cfg->server.ws_port, 8091);
	CHECK_STR(nc_config_origin(r.cfg, "server.api_port"), "default");
}

static void faults_name_file_line_column_key_and_what_would_be_right(void)
{
	check_fault("server:\n  api_port: 99999\n", 2, 13, "server.api_port",
		"\"99999\" is not between 1 and 65535", "from 1 to 65535");
	check_fault(
		"server: {api_port: 080}\n", 1, 20, "server.api_port", "whole number", "from 1");
	check_fault(
		"server: {api_port: 1.5}\n", 1, 20, "server.api_port", "whole number", "from 1");
	check_fault("server: {api_port: [1]}\n", 1, 20, "server.api_port",
		"the value is not a whole number", "");
	check_fault("server: {reactors: 99999999999999999999}\n", 1, 20, "server.reactors",
		"whole number", "");
	check_fault(
		"server: {socket_mode: 0689}\n", 1, 23, "server.socket_mode", "file mode", "0660");
	check_fault(
		"server: {socket_mode: 7777}\n", 1, 23, "server.socket_mode", "beyond 0777", "");
	check_fault("logging:\n  level: warning\n", 2, 10, "logging.level",
		"is not one of error, warn, info, debug, trace", "");
	check_fault("logging: {level: tracee}\n", 1, 18, "logging.level", "not one of",
		"did you mean trace?");
	check_fault(
		"logging: {file: log.txt}\n", 1, 17, "logging.file", "not an absolute path", "/");
	check_fault("store: {event_retention: 5 parsecs}\n", 1, 26, "store.event_retention",
		"is not a length of time", "from 1h to 3660d");
	check_fault("store: {event_retention: 5s}\n", 1, 26, "store.event_retention",
		"is not between 1h and 3660d", "unit");
	check_fault("store: {backup_before_migration: true}\n", 1, 9,
		"store.backup_before_migration", "there is no such key", "");
	check_fault("dwcp: {enable_v3_compression: maybe}\n", 1, 31, "dwcp.enable_v3_compression",
		"neither true nor false", "true or false");
	check_fault("plugins: {path: [/a, \"/b:/c\"]}\n", 1, 17, "plugins.path",
		"\"/b:/c\" holds a ':'", "without one");
	check_fault("sched: {vcpu_ratio: 0x4}\n", 1, 21, "sched.vcpu_ratio", "not a number", "0.1");
	check_fault(
		"sched: {vcpu_ratio: 1000}\n", 1, 21, "sched.vcpu_ratio", "between 0.1 and 64", "");
	check_fault("system: {data_dir: \"\"}\n", 1, 20, "system.data_dir", "must not be empty",
		"default");
	check_fault(
		"system: {node_id: \"a b\"}\n", 1, 19, "system.node_id", "more than letters", "");
	check_fault(
		"system: {node_id: \"a\\tb\"}\n", 1, 19, "system.node_id", "control character", "");
	check_fault("system: {data_dir: \"${system.data_dir}/x\"}\n", 1, 20, "system.data_dir",
		"not an absolute path", "");
	check_fault("system: {data_dir: \"${system.run_dirx}/x\"}\n", 1, 20, "system.data_dir",
		"not an absolute path", "");
}

static void faults_inside_lists_name_the_entry(void)
{
	check_fault("plugins:\n  allow:\n    - sim\n    - Kvm\n", 4, 7, "plugins.allow[1]",
		"is not a plugin id", "lower case");
	check_fault("plugins: {allow: [\"sim:thread\"]}\n", 1, 19, "plugins.allow[0]",
		"is not one of process, in_process", "");
	check_fault("plugins: {allow: [sim, \"sim:process\"]}\n", 1, 24, "plugins.allow[1]",
		"plugins.allow[0]", "keep one");
	check_fault("plugins: {allow: [{isolation: process}]}\n", 1, 19, "plugins.allow[0]",
		"no id", "");
	check_fault("plugins: {allow: [{id: sim, trust: full}]}\n", 1, 36, "plugins.allow[0]",
		"\"trust\"", "");
	check_fault("plugins: {allow: [[sim]]}\n", 1, 19, "plugins.allow[0]", "neither", "");
	check_fault("plugins: {allow: sim}\n", 1, 18, "plugins.allow", "is not a list", "[sim,");
	check_fault("plugins: {path: [relative]}\n", 1, 18, "plugins.path[0]", "absolute", "");
	check_fault("plugins: {path: [{a: b}]}\n", 1, 18, "plugins.path[0]", "not a path", "");
	check_fault("server: {uid_map: [\"x:viewer\"]}\n", 1, 20, "server.uid_map[0]",
		"not a user number", "id -u");
	check_fault(
		"server: {uid_map: [\"7\"]}\n", 1, 20, "server.uid_map[0]", "no role", "operator");
	check_fault("server: {uid_map: [\"7:operater\"]}\n", 1, 20, "server.uid_map[0]",
		"not one of", "did you mean operator?");
	check_fault("server: {uid_map: [\"7:viewer\", \"7:operator\"]}\n", 1, 32,
		"server.uid_map[1]", "server.uid_map[0]", "");
	check_fault("server: {uid_map: [\"4294967295:viewer\"]}\n", 1, 20, "server.uid_map[0]",
		"not a user number", "");
	check_fault("database: {options: 5}\n", 1, 21, "database.options", "is not a map", "");
}

static void unknown_keys_get_a_suggestion(void)
{
	check_fault("server:\n  api_prot: 1\n", 2, 3, "server.api_prot", "no such key",
		"did you mean server.api_port?");
	check_fault("api_port: 1\n", 1, 1, "api_port", "no such key", "server.api_port");
	check_fault("loging: {level: info}\n", 1, 1, "loging", "no such key", "config generate");
	check_fault("dwcp: {transport: {level: 1}}\n", 1, 20, "dwcp.transport.level", "no such key",
		"");
	check_fault("server: 5\n", 1, 9, "server", "this is a section", "below it");
}

static void documents_that_are_not_ours_are_refused(void)
{
	check_fault("server:\n\tapi_port: 1\n", 2, 1, "", "not valid YAML", "spaces");
	check_fault("server: {api_port: 1\n", 2, 1, "", "not valid YAML", "");
	check_fault("- a\n", 1, 1, "", "not a map of sections", "server:");
	check_fault("just words\n", 1, 1, "", "not a map of sections", "");
	check_fault("a: &x 1\n", 1, 4, "", "anchors", "write the value out");
	check_fault("a: !!str 1\n", 1, 4, "", "anchors and tags", "");
	check_fault("a: *x\n", 1, 4, "", "aliases", "");
	check_fault("? [a]\n: 1\n", 1, 3, "", "a key must be a word", "");
	check_fault("vm: {}\n---\nvm: {}\n", 2, 1, "", "second document", "--config");
	check_fault("vm: {default_network: \"a\\0b\"}\n", 1, 23, "", "NUL", "");
	check_fault("vm:\n  # ok\n  default_network: \xff\n", 3, 20, "", "UTF-8", "UTF-8");
	check_fault("\xef\xbb\xbf# \xc3\xa4\nvm: \x01\n", 2, 5, "", "control characters", "take");
	check_fault("# \xc3\xa4 \x07\n", 1, 5, "", "0x07", "");
	check_fault("vm: {}\n# \xc3", 2, 3, "", "incomplete", "UTF-8");
	check_fault("server: {api_port: 1}\nserver: {ws_port: 2}\n", 2, 1, "",
		"\"server\" is set twice, first on line 1", "keep one");
	check_fault("database: {options: {a: 1, a: 2}}\n", 1, 28, "", "\"a\" is set twice", "");
}

static void depth_count_and_size_are_bounded(void)
{
	_cleanup_(nc_buf_done) nc_buf text;
	_cleanup_(load_run_done) load_run r;

	nc_buf_init(&text, 1 << 20);
	nc_buf_puts(&text, "database: {options: {a: ");
	for (int i = 0; i < 20; i++)
		nc_buf_putc(&text, '[');
	check_fault(text.ptr, 1, 38, "", "nested too deep", "");

	nc_buf_reset(&text);
	nc_buf_puts(&text, "plugins:\n  path: [");
	for (int i = 0; i < NC_CONFIG_YAML_NODES; i++)
		nc_buf_puts(&text, "/,");
	load_text(&r, text.ptr);
	CHECK_HAS(r.err.message, "too many values");

	nc_buf_reset(&text);
	for (int i = 0; i <= NC_CONFIG_YAML_KEYS; i++)
		nc_buf_printf(&text, "k%d: 1\n", i);
	load_text(&r, text.ptr);
	CHECK_HAS(r.err.message, "too many keys");

	nc_buf_reset(&text);
	for (size_t i = 0; i < NC_CONFIG_YAML_BYTES; i += 8)
		nc_buf_puts(&text, "#2345678\n");
	load_text(&r, text.ptr);
	CHECK_CODE(r.code, NC_E_INVAL);
	CHECK_HAS(r.err.message, "larger than");

	nc_buf_reset(&text);
	nc_buf_puts(&text, "plugins:\n  path:\n");
	for (int i = 0; i < 17; i++)
		nc_buf_puts(&text, "    - /x\n");
	check_fault(text.ptr, 3, 5, "plugins.path", "more than 16", "");
}

static void all_faults_are_told_at_once_up_to_twenty(void)
{
	_cleanup_(nc_buf_done) nc_buf text;
	_cleanup_(load_run_done) load_run r;
	char line[512];

	load_texts(&r,
		(const char *const[]){ "server: {api_port: x, ws_port: y}\nnope: 1\n", "a: [\n",
			"logging: {level: loud}\n", NULL },
		(const char *const[]){ "NOVACRON_OPS_WORKERS=0", NULL });
	CHECK_CODE(r.code, NC_E_INVAL);
	CHECK_UINT(r.report.n_faults, 6);
	CHECK_HAS(r.err.message, "(and 5 more)");
	nc_config_issue_format(&r.report.fault[1], line, sizeof(line));
	CHECK_HAS(line, "/0.yaml:1:32: server.ws_port: \"y\" is not a whole number");
	nc_config_issue_format(&r.report.fault[5], line, sizeof(line));
	CHECK_STR(line, "NOVACRON_OPS_WORKERS: ops.workers: \"0\" is not between 1 and 1024");

	nc_buf_init(&text, 1 << 16);
	for (int i = 0; i < 30; i++)
		nc_buf_printf(&text, "k%d: 1\n", i);
	load_text(&r, text.ptr);
	CHECK_UINT(r.report.n_faults, 30);
	CHECK_STR(r.report.fault[NC_CONFIG_ISSUES_MAX - 1].key, "k19");
}

static void keys_must_fit_each_other(void)
{
	_cleanup_(load_run_done) load_run r;

	check_fault("dwcp: {transport: {min_streams: 64, max_streams: 32}}\n", 1, 33,
		"dwcp.transport.min_streams", "above dwcp.transport.max_streams", "at most");
	check_fault("dwcp: {transport: {max_streams: 8}}\n", 1, 33, "dwcp.transport.max_streams",
		"below dwcp.transport.min_streams", "at least");
	check_fault("ops: {idempotency_ttl: 30d}\nstore: {operation_retention: 1h}\n", 1, 24,
		"ops.idempotency_ttl", "after its operation is forgotten",
		"at most store.operation_retention");
	check_fault("store: {operation_retention: 1h}\n", 1, 30, "store.operation_retention",
		"before their Idempotency-Key", "at least ops.idempotency_ttl");
	check_fault("database: {connection_string: \"host=db\"}\n", 1, 31,
		"database.connection_string", "for sqlite it must be an absolute path", "folder");
	check_fault("server: {ws_port: 8090}\n", 1, 19, "server.ws_port",
		"port 8090 is also server.api_port", "own port");
	check_fault("metrics: {port: 8091}\n", 1, 17, "metrics.port", "also server.ws_port", "");
	check_fault("server:\n  socket_path: /"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		2, 16, "server.socket_path", "a socket's may have 107", "shorter");
	load_text(&r, "server: {ws_port: 0}\nmetrics: {port: 0}\n");
	CHECK(r.cfg != NULL); /* two that are off do not clash */
	load_run_done(&r);
	load_text(&r, "database: {driver: postgres}\n");
	CHECK_CODE(r.code, NC_E_UNSUPPORTED);
	CHECK_HAS(r.err.message, "the postgres store is still to come");
	CHECK_HAS(r.err.hint, "sqlite");
}

static void keys_that_wait_for_something_are_taken_with_a_warning(void)
{
	_cleanup_(load_run_done) load_run r;

	load_text(&r, "dwcp:\n  forced_mode: internet\n  v3_rollout_percentage: 100\n"
		      "server: {api_port: 9000}\n");
	REQUIRE(r.cfg);
	CHECK_UINT(r.report.n_warnings, 2); /* a default written out is no news */
	CHECK_STR(r.report.warning[0].key, "server.api_port");
	CHECK_HAS(r.report.warning[0].message, "when the network API comes");
	CHECK_UINT(r.report.warning[1].line, 2);
	CHECK_HAS(r.report.warning[1].message, "when the transport plugin comes");
	load_run_done(&r);
	load_text(&r, "database: {durability: unsafe}\n");
	CHECK_UINT(r.report.n_warnings, 1);
	CHECK_HAS(r.report.warning[0].message, "power cut");
}

static void a_secret_is_never_told(void)
{
	_cleanup_(load_run_done) load_run r;
	const nc_config *cfg = NULL;
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_freep) char *path = nc_test_path("secret.yaml");

	load_text(&r, "database: {connection_string: \"hunter2\\e\"}\n");
	CHECK_CODE(r.code, NC_E_INVAL);
	CHECK_STR(r.report.fault[0].value, "(secret)");
	CHECK(!strstr(r.report.fault[0].message, "hunter2"));
	CHECK(!strstr(r.err.message, "hunter2"));
	CHECK_HAS(r.err.message, "(secret)");

	nc_test_write(path, "database: {connection_string: /srv/x}\n");
	CHECK(chmod(path, 0644) == 0);
	CHECK_OK(nc_config_load((const char *const[]){ path }, 1, NULL, &cfg, &r.report, &err),
		&err);
	CHECK_UINT(r.report.n_warnings, 1);
	CHECK_HAS(r.report.warning[0].message, "everybody can read");
	nc_config_unref(cfg);
	CHECK(chmod(path, 0640) == 0);
	CHECK_OK(nc_config_load((const char *const[]){ path }, 1, NULL, &cfg, &r.report, &err),
		&err);
	CHECK_UINT(r.report.n_warnings, 0);
	nc_config_unref(cfg);
}

static void a_file_that_is_not_there_is_its_own_error(void)
{
	const nc_config *cfg = NULL;
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_freep) char *path = nc_test_path("absent.yaml");
	const char *many[40];

	CHECK_CODE(nc_config_load((const char *const[]){ path }, 1, NULL, &cfg, NULL, &err),
		NC_E_NOTFOUND);
	CHECK_HAS(err.message, path);
	CHECK(cfg == NULL);
	for (size_t i = 0; i < NC_LEN(many); i++)
		many[i] = path;
	CHECK_CODE(nc_config_load(many, NC_LEN(many), NULL, &cfg, NULL, &err), NC_E_INVAL);
}

static void a_report_is_not_needed(void)
{
	const nc_config *cfg = NULL;
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_freep) char *path = nc_test_path("faulty.yaml");

	nc_test_write(path, "server: {api_port: no}\n");
	CHECK_CODE(nc_config_load((const char *const[]){ path }, 1, NULL, &cfg, NULL, &err),
		NC_E_INVAL);
	CHECK_HAS(err.message, "api_port");
	CHECK_CODE(nc_config_load((const char *const[]){ path }, 1, NULL, &cfg, NULL, NULL),
		NC_E_INVAL);
}

static void a_snapshot_lives_until_its_last_reference(void)
{
	load_run r;
	const nc_config *again;

	load_text(&r, "vm: {default_network: blue}\n");
	REQUIRE(r.cfg);
	again = nc_config_ref(r.cfg);
	nc_config_unref(r.cfg);
	CHECK_STR(again->vm.default_network, "blue");
	nc_config_unref(again);
	nc_config_unref(NULL);
}

static void every_allocation_may_fail(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("torture.yaml");
	static const char *const env[] = { "NOVACRON_DWCP_MODE=hybrid",
		"NOVACRON_PLUGINS_ALLOW=sim, kvm:in_process",
		"NOVACRON_SERVER_UID_MAP=[{uid: 1, role: viewer}]", "NOVACRON_NOPE=1", NULL };
	nc_code rc = NC_OK;

	nc_test_write(path, "plugins: {path: [/a, /b], allow: [{id: sim}]}\n"
			    "database: {options: {a: {b: [c, 1, true, null]}}}\n"
			    "server: {uid_map: [\"5:viewer\"]}\nsystem: {data_dir: /x}\n");
	NC_TORTURE(rc)
	{
		const nc_config *cfg = NULL;
		nc_config_report report;
		rc = nc_config_load((const char *const[]){ path }, 1, env, &cfg, &report, NULL);
		CHECK((rc == NC_OK) == (cfg != NULL));
		nc_config_unref(cfg);
	}
}

/* Memory that runs out while faults are told makes no fault of its own, and hides none. */
static void every_allocation_may_fail_with_faults_to_tell(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("torture.yaml");
	static const char *const env[] = { "NOVACRON_LOG_LEVEL=loud",
		"NOVACRON_PLUGINS_ALLOW=[{id: sim, isolation: none}]", NULL };
	nc_code rc = NC_OK;

	nc_test_write(path, "plugins: {path: [/a, b], allow: [{id: sim}, {id: sim}]}\n"
			    "server: {uid_map: [\"5:nobody\"], api_port: x, api_prt: 1}\n"
			    "dwcp: {transport: {min_streams: 9, max_streams: 8}}\n"
			    "vm: 7\nsystem: {data_dir: {}}\n");
	NC_TORTURE(rc)
	{
		const nc_config *cfg = NULL;
		nc_config_report report;
		nc_error err = NC_ERROR_INIT;
		rc = nc_config_load((const char *const[]){ path }, 1, env, &cfg, &report, &err);
		CHECK_CODE(err.code, rc);
		CHECK(!cfg);
		if (rc == NC_E_INVAL && CHECK_UINT(report.n_faults, 10))
			rc = NC_OK; /* as it is without the shortage */
	}
}

static void libyaml_runs_out_of_memory_with_us(void)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1 << 20);
	nc_config_report report = { 0 };
	nc_code rc = NC_OK;

	REQUIRE(a);
	NC_TORTURE(rc)
	{
		nc_yaml_node *none = NULL; /* of an empty document no node is made */
		rc = nc_config_yaml_parse(nc_str(""), "x", a, &report, &none);
		CHECK(nc_alloc_has_failed() == (rc != NC_OK));
	}
	CHECK_UINT(report.n_faults, 0);
	CHECK_UINT(nc_arena_used(a), 0);
}

NC_TESTS(config_load){ T(later_files_override_earlier_ones_key_by_key), T(every_type_is_read),
	T(null_goes_back_to_the_default),
	T(faults_name_file_line_column_key_and_what_would_be_right),
	T(faults_inside_lists_name_the_entry), T(unknown_keys_get_a_suggestion),
	T(documents_that_are_not_ours_are_refused), T(depth_count_and_size_are_bounded),
	T(all_faults_are_told_at_once_up_to_twenty), T(keys_must_fit_each_other),
	T(keys_that_wait_for_something_are_taken_with_a_warning), T(a_secret_is_never_told),
	T(a_file_that_is_not_there_is_its_own_error), T(a_report_is_not_needed),
	T(a_snapshot_lives_until_its_last_reference), T(every_allocation_may_fail),
	T(every_allocation_may_fail_with_faults_to_tell), T(libyaml_runs_out_of_memory_with_us) };
