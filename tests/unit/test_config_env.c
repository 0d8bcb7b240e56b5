/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "config/schema.h"
#include "config_testing.h"

/* NOVACRON_ variables over files. */

/* A value that each type takes and that is no key's default. */
static const char *sample(const nc_config_key *k)
{
	static char number[32];

	if (!strcmp(k->key, "store.operation_retention"))
		return "31d"; /* the idempotency keys want it longer than they are kept */
	switch (k->type) {
	case NC_CONFIG_T_BOOL:
		return strcmp(k->def, "true") ? "true" : "false";
	case NC_CONFIG_T_INT:
		snprintf(number, sizeof(number), "%.0f", k->min + 15);
		return number;
	case NC_CONFIG_T_RATIO:
		return "1.25";
	case NC_CONFIG_T_ENUM:
		return k->choices[strcmp(k->key, "database.driver") ? 1 : 0];
	case NC_CONFIG_T_DURATION:
		snprintf(number, sizeof(number), "%.0fus", k->min + 3);
		return number;
	case NC_CONFIG_T_MODE:
		return "0611";
	case NC_CONFIG_T_STRING:
		return k->secret ? "/changed" : "changed";
	case NC_CONFIG_T_PATH:
		return "/changed";
	case NC_CONFIG_T_PATHS:
		return "/changed,/twice";
	case NC_CONFIG_T_PLUGINS:
		return "changed";
	case NC_CONFIG_T_UIDS:
		return "7:viewer";
	case NC_CONFIG_T_MAP:
		return "{changed: yes}";
	}
	return "";
}

static void every_key_can_be_set_by_its_variable(void)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		_cleanup_(load_run_done) load_run r;
		char name[NC_CONFIG_ENV_MAX], variable[256];

		nc_config_key_env(&keys[i], name);
		snprintf(variable, sizeof(variable), "%s=%s", name, sample(&keys[i]));
		load_env(&r, variable);
		if (!CHECK(r.cfg != NULL)) {
			printf("%s: %s\n", variable, r.err.message);
			continue;
		}
		CHECK_STR(nc_config_origin(r.cfg, keys[i].key), name);
	}
}

static void the_documents_short_names_work(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r, NULL,
		(const char *const[]){ "NOVACRON_NODE_ID=alpha", "NOVACRON_LOG_LEVEL=trace",
			"NOVACRON_DWCP_MODE=internet", "NOVACRON_DWCP_TRANSPORT_MIN_STREAMS=5",
			NULL });
	REQUIRE(r.cfg);
	CHECK_STR(r.cfg->system.node_id, "alpha");
	CHECK_INT(r.cfg->logging.level, 4);
	CHECK(r.cfg->dwcp.forced_mode == NC_CONFIG_DWCP_INTERNET);
	CHECK_INT(r.cfg->dwcp.min_streams, 5);
	CHECK_STR(nc_config_origin(r.cfg, "logging.level"), "NOVACRON_LOG_LEVEL");
}

static void the_long_name_wins_over_the_short_one(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r, NULL,
		(const char *const[]){
			"NOVACRON_LOG_LEVEL=trace", "NOVACRON_LOGGING_LEVEL=error", NULL });
	REQUIRE(r.cfg);
	CHECK_INT(r.cfg->logging.level, 0);
	CHECK_UINT(r.report.n_warnings, 1);
	CHECK_STR(r.report.warning[0].source, "NOVACRON_LOG_LEVEL");
}

static void variables_override_files(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r, (const char *const[]){ "system: {data_dir: /file}\n", NULL },
		(const char *const[]){ "PATH=/bin", "NOVACRON_SYSTEM_DATA_DIR=/env", NULL });
	REQUIRE(r.cfg);
	CHECK_STR(r.cfg->system.data_dir, "/env");
	CHECK_STR(r.cfg->security.key_file, "/env/master.key");
}

static void an_empty_variable_counts_as_not_set(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r, (const char *const[]){ "system: {data_dir: /file}\n", NULL },
		(const char *const[]){ "NOVACRON_SYSTEM_DATA_DIR=", "NOVACRON_NOPE=", NULL });
	REQUIRE(r.cfg);
	CHECK_STR(r.cfg->system.data_dir, "/file");
	CHECK_UINT(r.report.n_warnings, 0);
}

static void lists_come_with_commas_or_as_yaml(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r, NULL,
		(const char *const[]){ "NOVACRON_PLUGINS_ALLOW= sim , kvm:in_process",
			"NOVACRON_PLUGINS_PATH=[/a, \"/b,c\"]",
			"NOVACRON_SERVER_UID_MAP=[{uid: 9, role: operator}]", NULL });
	REQUIRE(r.cfg);
	REQUIRE(r.cfg->plugins.allow.n == 2);
	CHECK_STR(r.cfg->plugins.allow.v[0].id, "sim");
	CHECK(r.cfg->plugins.allow.v[1].isolation == NC_CONFIG_IN_PROCESS);
	REQUIRE(r.cfg->plugins.path.n == 2);
	CHECK_STR(r.cfg->plugins.path.v[1], "/b,c");
	REQUIRE(r.cfg->server.uid_map.n == 1);
	CHECK_UINT(r.cfg->server.uid_map.v[0].uid, 9);
}

static void faults_name_the_variable(void)
{
	_cleanup_(load_run_done) load_run r;

	load_env(&r, "NOVACRON_DWCP_TRANSPORT_MIN_STREAMS=3");
	CHECK_CODE(r.code, NC_E_INVAL);
	CHECK_STR(r.report.fault[0].source, "NOVACRON_DWCP_TRANSPORT_MIN_STREAMS");
	CHECK_STR(r.report.fault[0].key, "dwcp.transport.min_streams");
	CHECK_UINT(r.report.fault[0].line, 0);
	CHECK_HAS(r.err.message, "\"3\" is not between 4 and 512");
	load_env(&r, "NOVACRON_DATABASE_OPTIONS=fast");
	CHECK_HAS(r.err.message, "is not a map");
	load_env(&r, "NOVACRON_DATABASE_OPTIONS={a: [}");
	CHECK_HAS(r.err.message, "NOVACRON_DATABASE_OPTIONS:1:");
	load_env(&r, "NOVACRON_DATABASE_DRIVER=mysql");
	CHECK_CODE(r.code, NC_E_UNSUPPORTED);
}

static void an_unknown_variable_is_a_warning_with_a_suggestion(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r, NULL,
		(const char *const[]){ "NOVACRON_LOGGING_LEVLE=info", "NOVACRON_HOME=/x",
			"NOVACRON_PORT_8090_TCP=tcp://10.0.0.1:8090",
			"NOVACRON_SERVICE_HOST=10.0.0.1", "NOVACRON", NULL });
	REQUIRE(r.cfg);
	CHECK_UINT(r.report.n_warnings, 1);
	CHECK_STR(r.report.warning[0].source, "NOVACRON_LOGGING_LEVLE");
	CHECK_HAS(r.report.warning[0].hint, "NOVACRON_LOGGING_LEVEL");
}

NC_TESTS(config_env){ T(every_key_can_be_set_by_its_variable), T(the_documents_short_names_work),
	T(the_long_name_wins_over_the_short_one), T(variables_override_files),
	T(an_empty_variable_counts_as_not_set), T(lists_come_with_commas_or_as_yaml),
	T(faults_name_the_variable), T(an_unknown_variable_is_a_warning_with_a_suggestion) };
