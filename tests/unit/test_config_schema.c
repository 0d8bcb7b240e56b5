/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "config/render.h"
#include "config/schema.h"
#include "config/section.h"
#include "config/snapshot.h"
#include "config_testing.h"

/* The table, and what is made from it. */

/* Every key the product's documents name, and what the kernel's design adds. */
static const char *const promised[] = { "server.api_port", "server.ws_port", "database.driver",
	"database.connection_string", "logging.level", "logging.format", "system.node_id",
	"system.data_dir", "system.max_concurrency", "metrics.port", "dwcp.enable_auto_detection",
	"dwcp.forced_mode", "dwcp.enable_v3_transport", "dwcp.enable_v3_compression",
	"dwcp.enable_v3_prediction", "dwcp.v3_rollout_percentage", "dwcp.transport.min_streams",
	"dwcp.transport.max_streams", "dwcp.transport.congestion_algo",
	"dwcp.compression.algorithm", "dwcp.compression.level", "server.socket_path",
	"server.socket_mode", "server.socket_group", "server.uid_map", "server.reactors",
	"system.run_dir", "logging.file", "plugins.path", "plugins.allow", "plugins.probe_timeout",
	"plugins.health_interval", "plugins.health_timeout", "plugins.state_dir",
	"store.log_retention", "store.event_retention", "store.operation_retention",
	"store.audit_retention", "ops.workers", "ops.default_deadline", "ops.per_host",
	"ops.per_provider", "ops.per_project", "ops.idempotency_ttl", "ops.breaker_failures",
	"ops.breaker_open", "vm.deleted_retention", "vm.shutdown_timeout", "vm.default_network",
	"sched.algorithm", "sched.vcpu_ratio", "sched.memory_ratio", "sched.disk_ratio",
	"sched.reserve_memory_mib", "boot.pre_init_timeout", "boot.core_init_timeout",
	"boot.service_init_timeout", "boot.post_init_timeout", "boot.retries",
	"security.key_file" };

static void every_promised_key_is_in_the_table(void)
{
	for (size_t i = 0; i < NC_LEN(promised); i++) {
		if (!CHECK(nc_config_key_find(promised[i]) != NULL))
			printf("%s\n", promised[i]);
	}
	CHECK(nc_config_key_find("server.api") == NULL);
}

static void keys_and_variables_are_unique(void)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);
	char a[NC_CONFIG_ENV_MAX], b[NC_CONFIG_ENV_MAX];

	for (size_t i = 0; i < n; i++) {
		nc_config_key_env(&keys[i], a);
		for (size_t j = 0; j < n; j++) {
			if (i == j)
				continue;
			nc_config_key_env(&keys[j], b);
			CHECK(strcmp(a, b) != 0);
			CHECK(!keys[j].env || strcmp(a, keys[j].env) != 0);
			CHECK(keys[i].offset != keys[j].offset);
		}
	}
}

/* The renderers open a section once; a key that came back later would open it twice. */
static void keys_of_a_section_stand_together(void)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		for (size_t j = i + 2; j < n; j++) {
			size_t shared = nc_config_shared_depth(keys[i].key, keys[j].key);
			for (size_t between = i + 1; between < j; between++)
				CHECK(nc_config_shared_depth(keys[i].key, keys[between].key) >=
					shared);
		}
	}
}

static void every_key_says_what_it_is(void)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	for (size_t i = 0; i < n; i++) {
		CHECK(keys[i].doc && keys[i].doc[strlen(keys[i].doc) - 1] == '.');
		CHECK(keys[i].def != NULL);
		CHECK(strchr(keys[i].key, '.') != NULL);
		CHECK(!strchr(keys[i].doc, '|')); /* it stands in a Markdown table */
	}
}

static void an_empty_configuration_has_the_documented_defaults(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r, NULL, NULL);
	REQUIRE(r.cfg);
	CHECK_INT(r.cfg->server.api_port, 8090);
	CHECK_STR(r.cfg->server.socket_path, "/run/novacron/api.sock");
	CHECK_UINT(r.cfg->server.socket_mode, 0660);
	CHECK_STR(r.cfg->server.socket_group, "novacron");
	CHECK(r.cfg->server.reactors >= 1);
	CHECK(r.cfg->system.node_id[0]);
	CHECK_STR(r.cfg->system.data_dir, "/var/lib/novacron");
	CHECK_INT(r.cfg->system.max_concurrency, 1000);
	CHECK(r.cfg->database.driver == NC_CONFIG_SQLITE);
	CHECK_STR(r.cfg->database.connection_string, "/var/lib/novacron/store");
	CHECK_STR(r.cfg->database.options_json, "{}");
	CHECK_INT(r.cfg->logging.level, 2);
	CHECK_UINT(r.cfg->plugins.path.n, 1);
	CHECK_UINT(r.cfg->plugins.allow.n, 0);
	CHECK_STR(r.cfg->plugins.state_dir, "/var/lib/novacron/plugins");
	CHECK_INT(r.cfg->store.event_retention_us, 30 * INT64_C(86400000000));
	CHECK_INT(r.cfg->store.audit_retention_us, 365 * INT64_C(86400000000));
	CHECK_INT(r.cfg->ops.idempotency_ttl_us, 24 * INT64_C(3600000000));
	CHECK_INT(r.cfg->vm.shutdown_timeout_us, 120000000);
	CHECK(r.cfg->sched.vcpu_ratio == 4.0);
	CHECK_INT(r.cfg->boot.core_init_timeout_us, 10000000);
	CHECK_STR(r.cfg->security.key_file, "/var/lib/novacron/master.key");
	CHECK_INT(r.cfg->dwcp.min_streams, 16);
	CHECK_UINT(r.report.n_warnings, 0);
	CHECK_STR(nc_config_origin(r.cfg, "server.api_port"), "default");
	CHECK(nc_config_origin(r.cfg, "server.api") == NULL);
}

static void what_generate_writes_loads_to_the_defaults(void)
{
	_cleanup_(load_run_done) load_run plain, generated;
	_cleanup_(nc_buf_done) nc_buf text;
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	nc_buf_init(&text, 1 << 20);
	nc_config_generate(&text);
	REQUIRE(!nc_buf_failed(&text));
	load_texts(&plain, NULL, NULL);
	load_text(&generated, text.ptr);
	REQUIRE(plain.cfg && generated.cfg);
	CHECK_UINT(generated.report.n_warnings, 0);
	for (size_t i = 0; i < n; i++) {
		CHECK(nc_config_value_is_equal(&keys[i], plain.cfg, generated.cfg));
		/* It really came from the text. */
		CHECK_HAS(nc_config_origin(generated.cfg, keys[i].key), "/0.yaml:");
	}
}

static void the_reference_page_tells_every_key_and_variable(void)
{
	_cleanup_(nc_buf_done) nc_buf text;
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	nc_buf_init(&text, 1 << 20);
	nc_config_docs(&text);
	REQUIRE(!nc_buf_failed(&text));
	for (size_t i = 0; i < n; i++) {
		char row[128], env[NC_CONFIG_ENV_MAX];
		snprintf(row, sizeof(row), "\n| `%s` |", keys[i].key);
		CHECK_HAS(text.ptr, row);
		nc_config_key_env(&keys[i], env);
		CHECK_HAS(text.ptr, env);
		if (keys[i].env)
			CHECK_HAS(text.ptr, keys[i].env);
	}
}

static void the_json_view_nests_by_section_and_hides_secrets(void)
{
	_cleanup_(load_run_done) load_run r;
	_cleanup_(nc_buf_done) nc_buf text;
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	nc_error err = NC_ERROR_INIT;

	load_text(&r,
		"database: {connection_string: /hunter2, options: {cache: 64, deep: [1, {a: b}]}}\n"
		"plugins: {allow: [\"sim:in_process\"]}\n"
		"server: {uid_map: [\"1000:operator\"]}\n");
	REQUIRE(r.cfg);
	nc_buf_init(&text, 1 << 16);
	nc_config_render_json(r.cfg, &text);
	REQUIRE(!nc_buf_failed(&text));
	CHECK(!strstr(text.ptr, "hunter2"));
	CHECK_HAS(text.ptr, "\"connection_string\":{\"set\":true}");
	CHECK_HAS(text.ptr, "\"options\":{\"cache\":64,\"deep\":[1,{\"a\":\"b\"}]}");
	CHECK_HAS(text.ptr, "\"allow\":[{\"id\":\"sim\",\"isolation\":\"in_process\"}]");
	CHECK_HAS(text.ptr, "\"uid_map\":[{\"uid\":1000,\"role\":\"operator\"}]");
	CHECK_HAS(text.ptr, "\"socket_mode\":\"0660\"");
	CHECK_HAS(text.ptr, "\"transport\":{\"min_streams\":16,");
	CHECK_OK(nc_json_parse(nc_buf_bytes(&text), 1 << 16, &doc, &err), &err);
}

static void rendering_past_the_limit_is_the_buffers_failure(void)
{
	_cleanup_(load_run_done) load_run r;

	load_texts(&r, NULL, NULL);
	REQUIRE(r.cfg);
	for (size_t limit = 1; limit < 900; limit += 31) {
		_cleanup_(nc_buf_done) nc_buf a, b, c;
		nc_buf_init(&a, limit);
		nc_buf_init(&b, limit);
		nc_buf_init(&c, limit);
		nc_config_generate(&a);
		nc_config_docs(&b);
		nc_config_render_json(r.cfg, &c);
		CHECK(nc_buf_failed(&a) && nc_buf_failed(&b) && nc_buf_failed(&c));
	}
}

NC_TESTS(config_schema){ T(every_promised_key_is_in_the_table), T(keys_and_variables_are_unique),
	T(keys_of_a_section_stand_together), T(every_key_says_what_it_is),
	T(an_empty_configuration_has_the_documented_defaults),
	T(what_generate_writes_loads_to_the_defaults),
	T(the_reference_page_tells_every_key_and_variable),
	T(the_json_view_nests_by_section_and_hides_secrets),
	T(rendering_past_the_limit_is_the_buffers_failure) };
