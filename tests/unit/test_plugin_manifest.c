/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "plugin/manifest.h"
#include "plugin/rules.h"
#include "plugin/verbs.h"
#include "testing.h"

#define HASH  "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""
#define FILES "{\"lib/plugin.so\":{\"sha256\":" HASH ",\"size\":4,\"mode\":\"0555\"}}"

static json_t *base_manifest(void)
{
	json_t *doc = json_loads("{\"schema\":1,\"id\":\"com.acme.kvm\",\"version\":\"2.3.1\","
				 "\"abi\":{\"major\":1,\"min_minor\":0},"
				 "\"platform\":{\"os\":\"linux\",\"arch\":\"x86_64\","
				 "\"libc\":\"glibc>=2.31\"},\"entry\":\"lib/plugin.so\","
				 "\"provides\":[\"nc.compute/1\"],\"requires\":[\"nc.secrets/1\"],"
				 "\"wants\":[\"nc.kv/1\"],\"features\":[\"compute.tpm\"],"
				 "\"isolation\":\"process\",\"max_concurrency\":64,"
				 "\"max_per_target\":2,\"process_globals\":[\"libvirt\"],"
				 "\"permissions\":{\"secrets\":[\"acme/*\",\"one\"]},"
				 "\"files\":" FILES "}",
		0, NULL);
	CHECK(doc != NULL);
	return doc;
}

static nc_code parse(const json_t *doc, nc_manifest **ret, nc_error *err)
{
	char *text = json_dumps(doc, 0);
	nc_code rc = nc_manifest_parse(nc_str(text), ret, err);
	nc_free(text);
	return rc;
}

static void a_whole_manifest_is_read(void)
{
	nc_error err = NC_ERROR_INIT;
	nc_manifest *m = NULL;
	nc_manifest_file f;
	json_t *doc = base_manifest();
	CHECK_OK(parse(doc, &m, &err), &err);
	REQUIRE(m != NULL);
	CHECK_STR(m->id, "com.acme.kvm");
	CHECK_UINT(m->max_concurrency, 64);
	CHECK(!m->is_in_process);
	CHECK(nc_manifest_provides(m, "nc.compute/1"));
	CHECK(!nc_manifest_provides(m, "nc.volume/1"));
	CHECK(nc_manifest_asks_for(m, "nc.kv/1") && nc_manifest_asks_for(m, "nc.secrets/1"));
	CHECK(!nc_manifest_asks_for(m, "nc.timer/1"));
	CHECK(nc_manifest_has_feature(m, "compute.tpm"));
	CHECK(nc_manifest_may_open_secret(m, nc_str("acme/key")));
	CHECK(nc_manifest_may_open_secret(m, nc_str("one")));
	CHECK(!nc_manifest_may_open_secret(m, nc_str("one/more")));
	CHECK(!nc_manifest_may_open_secret(m, nc_str("acm")));
	CHECK(!nc_manifest_may_open_secret(m, nc_str("")));
	CHECK(nc_manifest_find_file(m, "lib/plugin.so", &f) && f.size == 4 && f.mode == 0555);
	CHECK(!nc_manifest_find_file(m, "schema.json", &f));
	nc_manifest_free(m);
	json_decref(doc);
}

/* Each case sets one member (by path "a/b") to a value, "-" takes it away. */
static void each_wrong_member_is_refused_by_name(void)
{
	static const struct {
		const char *key, *sub, *value, *says;
	} cases[] = {
		{ "schema", NULL, "2", "schema" },
		{ "id", NULL, "-", "id" },
		{ "id", NULL, "\"Com.Acme\"", "id" },
		{ "id", NULL, "\"../../etc\"", "id" },
		{ "id", NULL, "\"a..b\"", "id" },
		{ "id", NULL, "\"\"", "id" },
		{ "version", NULL, "\"1 0\"", "version" },
		{ "entry", NULL, "\"/lib/plugin.so\"", "entry" },
		{ "entry", NULL, "\"lib/../plugin.so\"", "entry" },
		{ "entry", NULL, "\"lib//plugin.so\"", "entry" },
		{ "entry", NULL, "\"./plugin.so\"", "entry" },
		{ "entry", NULL, "\"lib/other.so\"", "not among files" },
		{ "abi", "major", "0", "abi.major" },
		{ "abi", "extra", "0", "abi.extra" },
		{ "abi", NULL, "-", "abi" },
		{ "platform", "os", "-", "platform.os" },
		{ "provides", NULL, "\"nc.compute/1\"", "provides" },
		{ "provides", NULL, "[\"a\",\"a\"]", "twice" },
		{ "provides", NULL, "[\"a b\"]", "provides" },
		{ "provides", NULL, "-", "provides" },
		{ "isolation", NULL, "\"none\"", "isolation" },
		{ "max_concurrency", NULL, "0", "max_concurrency" },
		{ "max_per_target", NULL, "2000", "max_per_target" },
		{ "permissions", "sudo", "[]", "permissions.sudo" },
		{ "permissions", "net", "[1]", "net" },
		{ "files", NULL, "-", "files" },
		{ "files", NULL, "{\"../x\":{}}", "files" },
		{ "files", NULL, "{\"lib/plugin.so\":{\"sha256\":\"00\",\"size\":1}}", "SHA-256" },
		{ "files", NULL,
			"{\"lib/plugin.so\":{\"sha256\":" HASH ",\"size\":1,\"mode\":\"4755\"}}",
			"mode" },
		{ "files", NULL,
			"{\"lib/plugin.so\":{\"sha256\":" HASH ",\"size\":1,\"mode\":\"0777\"}}",
			"mode" },
		{ "files", NULL, "{\"lib/plugin.so\":{\"sha256\":" HASH ",\"size\":-1}}", "size" },
		{ "files", NULL, "{\"lib/plugin.so\":7}", "files" },
		{ "provide", NULL, "[]", "provide" },
		{ "depends_on", NULL, "[\"com.acme.net\"]", "depends_on is not a known field" },
		{ "exclusive", NULL, "\"yes\"", "exclusive" },
		{ "owns_guests", NULL, "1", "owns_guests" },
	};
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		nc_error err = NC_ERROR_INIT;
		nc_manifest *m = NULL;
		json_t *doc = base_manifest();
		json_t *o = cases[i].sub ? json_object_get(doc, cases[i].key) : doc;
		const char *key = cases[i].sub ? cases[i].sub : cases[i].key;
		if (strcmp(cases[i].value, "-") == 0)
			json_object_del(o, key);
		else
			json_object_set_new(
				o, key, json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
		CHECK_CODE(parse(doc, &m, &err), NC_E_INVAL);
		CHECK_HAS(err.message, cases[i].says);
		CHECK(m == NULL);
		json_decref(doc);
	}
}

static void what_is_no_manifest_at_all_is_refused(void)
{
	static const char *const texts[] = { "", "[]", "{", "{\"schema\":1,\"schema\":1}", "null" };
	for (size_t i = 0; i < NC_LEN(texts); i++) {
		nc_manifest *m = NULL;
		CHECK_CODE(nc_manifest_parse(nc_str(texts[i]), &m, NULL), NC_E_INVAL);
		CHECK(m == NULL);
	}
}

static nc_code check(
	const char *abi, const char *platform, const nc_platform *here, int has_v1, nc_error *err)
{
	nc_manifest *m = NULL;
	json_t *doc = base_manifest();
	if (abi)
		json_object_set_new(doc, "abi", json_loads(abi, 0, NULL));
	if (platform)
		json_object_set_new(doc, "platform", json_loads(platform, 0, NULL));
	nc_code rc = parse(doc, &m, err);
	json_decref(doc);
	if (rc == NC_OK)
		rc = nc_manifest_check_platform(m, here, has_v1, err);
	nc_manifest_free(m);
	return rc;
}

/* "Host 1.4 loads plugins 1.0-1.4 always, 1.5 if its min_minor <= 4, 2.x only if it also exports v1." */
static void the_abi_rule_names_both_versions_and_the_fix(void)
{
	nc_platform here = nc_platform_here();
	nc_error err = NC_ERROR_INIT;
	here.abi = (1u << 16) | 4;
	CHECK_OK(check("{\"major\":1,\"min_minor\":0}", NULL, &here, 0, &err), &err);
	CHECK_OK(check("{\"major\":1,\"min_minor\":4}", NULL, &here, 0, &err), &err);
	CHECK_CODE(check("{\"major\":1,\"min_minor\":5}", NULL, &here, 0, &err), NC_E_UNSUPPORTED);
	CHECK_STR(err.message,
		"plugin com.acme.kvm 2.3.1 needs plugin ABI 1.5, this NovaCron has 1.4");
	CHECK_HAS(err.hint, "upgrade NovaCron");
	CHECK_CODE(check("{\"major\":2,\"min_minor\":0}", NULL, &here, 0, &err), NC_E_UNSUPPORTED);
	CHECK_OK(check("{\"major\":2,\"min_minor\":3}", NULL, &here, 1, &err), &err);
	here.abi = 2u << 16;
	CHECK_CODE(check("{\"major\":1,\"min_minor\":0}", NULL, &here, 1, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.hint, "newer release of the plugin");
}

static void the_platform_must_be_ours(void)
{
	nc_platform here = {
		.abi = NC_ABI, .os = "linux", .arch = "x86_64", .libc_version = "2.36"
	};
	static const struct {
		const char *platform, *says;
	} cases[] = {
		{ "{\"os\":\"freebsd\",\"arch\":\"x86_64\"}",
			"freebsd/x86_64, this is linux/x86_64" },
		{ "{\"os\":\"linux\",\"arch\":\"aarch64\"}", "aarch64" },
		{ "{\"os\":\"linux\",\"arch\":\"x86_64\",\"libc\":\"glibc>=2.37\"}",
			"needs glibc>=2.37, this system has glibc 2.36" },
		{ "{\"os\":\"linux\",\"arch\":\"x86_64\",\"libc\":\"musl\"}", "musl" },
		{ "{\"os\":\"linux\",\"arch\":\"x86_64\",\"libc\":\"glibc>=2.x\"}", "2.x" },
	};
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		nc_error err = NC_ERROR_INIT;
		CHECK_CODE(check(NULL, cases[i].platform, &here, 0, &err), NC_E_UNSUPPORTED);
		CHECK_HAS(err.message, cases[i].says);
		CHECK(err.hint[0] != 0);
	}
	here.libc_version = "2.31";
	CHECK_CODE(check(NULL, NULL, &here, 0, NULL), NC_OK);
}

static void a_required_service_that_is_not_there_is_named(void)
{
	nc_error err = NC_ERROR_INIT;
	nc_manifest *m = NULL;
	nc_platform here = nc_platform_here();
	json_t *doc = base_manifest();
	json_object_set_new(doc, "requires", json_pack("[s]", "nc.http/1"));
	json_object_set_new(doc, "wants", json_pack("[s]", "com.acme.gpu/1"));
	CHECK_OK(parse(doc, &m, &err), &err);
	CHECK_CODE(nc_manifest_check_platform(m, &here, 0, &err), NC_E_UNSUPPORTED);
	CHECK_HAS(err.message, "requires nc.http/1");
	nc_manifest_free(m);
	json_decref(doc);
}

static void parsing_survives_every_failed_allocation(void)
{
	json_t *doc = base_manifest();
	char *text = json_dumps(doc, 0);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		nc_manifest *m = NULL;
		rc = nc_manifest_parse(nc_str(text), &m, NULL);
		CHECK((rc == NC_OK) == (m != NULL));
		nc_manifest_free(m);
	}
	nc_free(text);
	json_decref(doc);
}

/* ---- the other small tables ---- */

static void verbs_are_found_by_name_and_by_row(void)
{
	const nc_verb *v;
	for (unsigned i = 0; (v = nc_verb_at(i)); i++) {
		CHECK(nc_verb_find(v->name) == v);
		CHECK_UINT(v->number, i);
		if (v->recover)
			CHECK(nc_verb_find(v->recover) != NULL &&
				nc_verb_find(v->recover)->shape == NC_SHAPE_RECOVER);
		if (v->shape == NC_SHAPE_OP)
			CHECK(v->recover != NULL);
	}
	CHECK(nc_verb_at(nc_verb_count()) == NULL);
	CHECK(nc_verb_find("compute.nothing") == NULL && nc_verb_find(NULL) == NULL);
	CHECK_STR(nc_verb_shape_name(NC_SHAPE_STREAM), "stream");
}

static void three_strikes_within_the_window_are_out(void)
{
	nc_strikes s = { 0 };
	const int64_t hour = INT64_C(3600000000);
	CHECK(!nc_strikes_add(&s, NC_P4_COMPLETE, 1, hour));
	CHECK(!nc_strikes_add(&s, NC_P4_COMPLETE, 2, hour));
	CHECK(nc_strikes_add(&s, NC_P11_LIMITS, 3, hour));
	CHECK(!nc_strikes_add(&s, NC_P4_COMPLETE, 4, hour)); /* a new round */
	CHECK(!nc_strikes_add(&s, NC_P4_COMPLETE, 5, hour));
	CHECK(!nc_strikes_add(&s, NC_P4_COMPLETE, 6 + hour, hour)); /* the first is too old */
	CHECK(nc_strikes_add(&s, NC_P4_COMPLETE, 4 + hour, hour) == 0 ||
		s.by_rule[NC_P4_COMPLETE] == 6);
	CHECK_UINT(nc_strikes_total(&s), 7);
	CHECK_UINT(s.by_rule[NC_P11_LIMITS], 1);
	for (unsigned i = 0; i < NC_RULES; i++)
		CHECK(strlen(nc_rule_text((nc_rule)i)) > 10);
}

/* In a child without root's rights, which would make everything reachable. */
static int check_as_nobody(const nc_manifest *m, nc_error *err)
{
	pid_t pid = fork();
	int status = 0;
	if (pid == 0) {
		if (geteuid() == 0 &&
			(setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
			_exit(99);
		nc_code rc = nc_manifest_check_rights(m, err);
		int is_named = strstr(err->message, "secret.sock (permissions.unix)") != NULL;
		_exit(rc == NC_OK ? 0 : rc == NC_E_UNSUPPORTED && is_named && err->hint[0] ? 1 : 2);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void rights_that_the_process_lacks_are_named(void)
{
	_cleanup_(nc_freep) char *folder = nc_test_path("rights");
	char path[600];
	nc_error err = NC_ERROR_INIT;
	nc_manifest *m = NULL;
	json_t *doc = base_manifest();
	REQUIRE(mkdir(folder, 0700) == 0 && chmod(nc_test_dir(), 0755) == 0);
	CHECK(chmod(folder, 0755) == 0);
	snprintf(path, sizeof(path), "%s/secret.sock", folder);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0000);
	REQUIRE(fd >= 0);
	close(fd);
	json_object_set_new(doc, "permissions",
		json_pack("{s:[s],s:[s],s:[s]}", "unix", path, "exec", "/bin/true", "fs_ro",
			"/no/such/path"));
	CHECK_OK(parse(doc, &m, &err), &err);
	REQUIRE(m != NULL);
	CHECK_INT(check_as_nobody(m, &err), 1);
	CHECK(chmod(path, 0666) == 0);
	CHECK_INT(check_as_nobody(m, &err), 0);
	nc_manifest_free(m);
	json_decref(doc);
}

NC_TESTS(plugin_manifest){
	T(a_whole_manifest_is_read),
	T(each_wrong_member_is_refused_by_name),
	T(what_is_no_manifest_at_all_is_refused),
	T(the_abi_rule_names_both_versions_and_the_fix),
	T(the_platform_must_be_ours),
	T(a_required_service_that_is_not_there_is_named),
	T(rights_that_the_process_lacks_are_named),
	T(parsing_survives_every_failed_allocation),
	T(verbs_are_found_by_name_and_by_row),
	T(three_strikes_within_the_window_are_out),
};
