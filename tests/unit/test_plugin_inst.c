/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/metric.h"
#include "plugin_both.h"
#include "testing.h"

/* An instance beside its calls: its configuration, its health, what the host does for it. */

static void a_configuration_with_faults_opens_nothing(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	nc_pinst *inst = NULL;
	if (begin(&s, iso, "{}")) {
		nc_pinst_spec spec = { .plugin = "test.good",
			.name = "two",
			.config = nc_str("{\"hosts\":0,\"pasword\":\"abcdefgh\"}") };
		CHECK_CODE(nc_pinst_open(s.f->plugins, &spec, &inst, &err), NC_E_INVAL);
		CHECK_HAS(err.message, "hosts = 0 is too small (1 to 100)");
		CHECK_HAS(err.message, "pasword is not known (did you mean password)");
		CHECK(!strstr(err.message, "abcdefgh"));
		spec.config = nc_str("{\"mode\":\"refuse\"}");
		CHECK_CODE(nc_pinst_open(s.f->plugins, &spec, &inst, &err), NC_E_DENIED);
		CHECK_HAS(err.message, "this account is closed");
		spec.config = nc_str("{}");
		spec.name = "one";
		CHECK_CODE(nc_pinst_open(s.f->plugins, &spec, &inst, &err), NC_E_EXISTS);
		spec.name = "No Good";
		CHECK_CODE(nc_pinst_open(s.f->plugins, &spec, &inst, &err), NC_E_INVAL);
		CHECK(inst == NULL);
		nc_pinst *found = nc_pinst_find(s.f->plugins, "one");
		CHECK(found == s.inst);
		nc_pinst_unref(found);
		CHECK(nc_pinst_find(s.f->plugins, "two") == NULL);
	}
	end(&s);
}
BOTH_WAYS(a_configuration_with_faults_opens_nothing);

static void reconfigure_applies_what_is_live_and_names_what_is_not(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s, iso, "{\"password\":\"first-one\",\"label\":\"a\"}")) {
		CHECK_OK(nc_pinst_reconfigure(s.inst,
				 nc_str("{\"password\":\"first-one\",\"label\":\"b\"}"), &err),
			&err);
		CHECK_CODE(nc_pinst_reconfigure(s.inst,
				   nc_str("{\"password\":\"first-one\",\"label\":\"bad\"}"), &err),
			NC_E_INVAL);
		CHECK_CODE(
			nc_pinst_reconfigure(s.inst,
				nc_str("{\"password\":\"second-one\",\"hosts\":7,\"label\":\"c\"}"),
				&err),
			NC_E_CONFLICT);
		CHECK_HAS(err.message, "hosts");
		CHECK_HAS(err.message, "password");
		CHECK_CODE(nc_pinst_reconfigure(s.inst, nc_str("{\"hosts\":0}"), &err), NC_E_INVAL);
		CHECK_HAS(err.message, "1 to 100");
	}
	end(&s);
}
BOTH_WAYS(reconfigure_applies_what_is_live_and_names_what_is_not);

typedef struct changer {
	nc_pinst *inst;
	const char *config;
	unsigned n_bad;
} changer;

static void *change_often(void *arg)
{
	changer *c = arg;
	for (int i = 0; i < 50; i++)
		c->n_bad += nc_pinst_reconfigure(c->inst, nc_str(c->config), NULL) != NC_OK;
	return NULL;
}

static void changes_of_a_configuration_come_one_after_the_other(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{\"password\":\"first-one\",\"label\":\"a\"}")) {
		pthread_t threads[2];
		changer c[] = { { s.inst, "{\"password\":\"first-one\",\"label\":\"b\"}", 0 },
			{ s.inst, "{\"password\":\"first-one\",\"label\":\"c\"}", 0 } };
		for (int i = 0; i < 2; i++)
			REQUIRE(pthread_create(&threads[i], NULL, change_often, &c[i]) == 0);
		for (int i = 0; i < 2; i++) {
			pthread_join(threads[i], NULL);
			CHECK_UINT(c[i].n_bad, 0);
		}
		/* The secret is still the one that the plugin has a handle of. */
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"secret\"}", NC_OK);
		CHECK_HAS(s.w.result.ptr, "\"n\":9");
		nc_pinst_close(s.inst, 0);
		CHECK_CODE(nc_pinst_reconfigure(s.inst, nc_str("{\"label\":\"d\"}"), NULL),
			NC_E_UNAVAILABLE);
	}
	end(&s);
}
BOTH_WAYS(changes_of_a_configuration_come_one_after_the_other);

static int begin_asked(setup *s, nc_isolation isolation)
{
	memset(s, 0, sizeof(*s));
	waited_init(&s->w);
	s->f = fixture_new(&(fixture_options){ .plugin = "test.good",
		.isolation = isolation,
		.grace_us = 50000,
		.health_every_us = 20000,
		.health_timeout_us = 200000 });
	s->inst = s->f ? fixture_open(s->f, "test.good", "{}") : NULL;
	return s->inst != NULL;
}

static void wish_health(setup *s, const char *word)
{
	char req[80];
	snprintf(req, sizeof(req), "{\"do\":\"health\",\"be\":\"%s\"}", word);
	waited_run(&s->w, s->inst, "compute.update", "h", req, NC_OK);
}

/* Until it is so; the message is then the plugin's. */
static void expect_health(setup *s, nc_health_state want, const char *says)
{
	char why[320] = "";
	nc_health_state state = NC_HEALTH_UNKNOWN;
	int64_t until = nc_clock_mono_us() + 20000000;
	while (state != want && nc_clock_mono_us() < until) {
		state = nc_pinst_get_health(s->inst, why, sizeof(why));
		nc_clock_sleep_us(1000);
	}
	CHECK_STR(nc_health_state_name(state), nc_health_state_name(want));
	CHECK_HAS(why, says);
}

static void health_is_asked_and_told(nc_isolation iso)
{
	setup s;
	char text[4096];
	if (begin_asked(&s, iso)) {
		expect_health(&s, NC_HEALTH_HEALTHY, "so it is");
		wish_health(&s, "degraded");
		expect_health(&s, NC_HEALTH_DEGRADED, "so it is");
		CHECK(fixture_wait_event(s.f, "plugin.health"));
		CHECK_HAS(s.f->last_event, "\"status\":\"degraded\"");
		fixture_status(s.f, "test.good", "instances", text, sizeof(text));
		CHECK_HAS(text, "\"status\":\"degraded\",\"message\":\"so it is\"");
		CHECK_HAS(text, "\"details\":{\"fever\":1}");
		wish_health(&s, "unhealthy");
		expect_health(&s, NC_HEALTH_UNHEALTHY, "so it is");
		CHECK(fixture_wait_worst(s.f, NC_HEALTH_UNHEALTHY, text, sizeof(text)));
		CHECK_STR(text, "test.good, instance one: so it is");
		wish_health(&s, "mad");
		expect_health(&s, NC_HEALTH_UNHEALTHY, "");
		wish_health(&s, "healthy");
		expect_health(&s, NC_HEALTH_HEALTHY, "so it is");
		wish_health(&s, "fails");
		expect_health(&s, NC_HEALTH_UNHEALTHY, "nobody is at home");
		/* What is gone is ill no more. */
		nc_pinst_close(s.inst, 0);
		CHECK(fixture_wait_worst(s.f, NC_HEALTH_UNKNOWN, text, sizeof(text)));
	}
	end(&s);
}
BOTH_WAYS(health_is_asked_and_told);

static void hung_health_holds_up_nothing(nc_isolation iso)
{
	setup s;
	if (begin_asked(&s, iso)) {
		expect_health(&s, NC_HEALTH_HEALTHY, "so it is");
		wish_health(&s, "deaf");
		expect_health(&s, NC_HEALTH_UNHEALTHY, "did not end by its deadline");
		/* Time for a hundred more, which are not sent; nor is anything else held up. */
		for (int i = 0; i < 8; i++) {
			waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"sync\"}", NC_OK);
			nc_clock_sleep_us(50000);
		}
		char text[8192];
		fixture_status(s.f, "test.good", "instances", text, sizeof(text));
		CHECK_HAS(text, "\"status\":\"unhealthy\"");
		const char *first = strstr(text, "\"verb\":\"plugin.health\"");
		REQUIRE(first != NULL);
		CHECK(strstr(first + 1, "\"verb\":\"plugin.health\"") ==
			NULL); /* one hangs, not many */
		CHECK_INT(fixture_strikes(s.f, "test.good", "P4"), 0);
		waited_run(&s.w, s.inst, "compute.update", "h", "{\"do\":\"release\"}", NC_OK);
		wish_health(&s, "healthy");
		expect_health(&s, NC_HEALTH_HEALTHY, "so it is");
	}
	end(&s);
}
BOTH_WAYS(hung_health_holds_up_nothing);

static void health_is_the_plugins_own_document(nc_isolation iso)
{
	setup s;
	nc_error err = NC_ERROR_INIT;
	if (begin(&s, iso, "{}")) {
		_cleanup_(nc_buf_done) nc_buf out;
		nc_buf_init(&out, 1 << 16);
		CHECK_OK(nc_pinst_health(s.inst, 5000000, &out, &err), &err);
		CHECK_HAS(out.ptr, "\"status\":\"healthy\"");
	}
	end(&s);
}
BOTH_WAYS(health_is_the_plugins_own_document);

static void secrets_of_the_configuration_reach_the_plugin_by_handle(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{\"password\":\"hunter2-hunter2\"}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"secret\"}", NC_OK);
		CHECK_STR(s.w.result.ptr, "{\"code\":0,\"handle\":\"config:password#1\",\"n\":15}");
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"secret\",\"which\":\"named\"}", NC_OK);
		CHECK_HAS(s.w.result.ptr, "\"n\":12");
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"secret\",\"which\":\"other\"}", NC_OK);
		CHECK_HAS(s.w.result.ptr, "\"code\":-5"); /* denied */
		CHECK_INT(fixture_strikes(s.f, "test.good", "P10"), 0);
	}
	end(&s);
}
BOTH_WAYS(secrets_of_the_configuration_reach_the_plugin_by_handle);

static void a_secret_in_a_result_or_a_log_line_is_withheld_and_counted(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{\"password\":\"hunter2-hunter2\"}")) {
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"secret\",\"how\":\"leak\"}", NC_OK);
		CHECK_UINT(s.w.result.len, 0);
		CHECK(fixture_wait_strikes(s.f, "test.good", "P10", 1));
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"secret\",\"how\":\"shout\"}", NC_OK);
		CHECK(fixture_wait_strikes(s.f, "test.good", "P10", 2));
	}
	end(&s);
}
BOTH_WAYS(a_secret_in_a_result_or_a_log_line_is_withheld_and_counted);

static void kv_goes_to_the_hooks_and_back(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"kv\"}", NC_OK);
		CHECK_STR(s.w.result.ptr,
			"{\"put\":0,\"get\":0,\"value\":\"blue\",\"del\":0,\"again\":-2}");
	}
	end(&s);
}
BOTH_WAYS(kv_goes_to_the_hooks_and_back);

static void reports_reach_the_hook_and_a_flood_blocks_nobody(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "host-7", "{\"do\":\"report\"}", NC_OK);
		CHECK(fixture_wait(s.f, &s.f->reports, 1));
		CHECK_STR(s.f->last_target, "host-7");
		waited_run(&s.w, s.inst, "compute.create", "h",
			"{\"do\":\"report\",\"how\":\"flood\"}", NC_OK);
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"report\"}", NC_OK);
		/* All came, or the gap was told. */
		int64_t until = nc_clock_mono_us() + 10000000;
		unsigned reports = 0, overflows = 0;
		while (reports < 20002 && overflows == 0 && nc_clock_mono_us() < until) {
			nc_clock_sleep_us(1000);
			pthread_mutex_lock(&s.f->lock);
			reports = s.f->reports;
			overflows = s.f->overflows;
			pthread_mutex_unlock(&s.f->lock);
		}
		CHECK(reports == 20002 || overflows > 0);
	}
	end(&s);
}
BOTH_WAYS(reports_reach_the_hook_and_a_flood_blocks_nobody);

static void logs_and_metrics_come_out(nc_isolation iso)
{
	setup s;
	if (begin(&s, iso, "{}")) {
		waited_run(&s.w, s.inst, "compute.create", "h", "{\"do\":\"log\"}", NC_OK);
		_cleanup_(nc_buf_done) nc_buf text;
		nc_buf_init(&text, 1 << 20);
		int64_t until = nc_clock_mono_us() + 10000000;
		do {
			nc_buf_reset(&text);
			nc_metric_render(&text);
			nc_clock_sleep_us(1000);
		} while (!strstr(text.ptr, "novacron_plugin_test_good_level") &&
			 nc_clock_mono_us() < until);
		CHECK_HAS(text.ptr,
			"novacron_plugin_test_good_calls_total{instance=\"one\",kind=\"log\"}");
		CHECK_HAS(text.ptr, "novacron_plugin_test_good_level{instance=\"one\"} 3");
	}
	end(&s);
}
BOTH_WAYS(logs_and_metrics_come_out);

NC_TESTS(plugin_inst){
	T(a_configuration_with_faults_opens_nothing_here),
	T(a_configuration_with_faults_opens_nothing_in_a_process),
	T(reconfigure_applies_what_is_live_and_names_what_is_not_here),
	T(reconfigure_applies_what_is_live_and_names_what_is_not_in_a_process),
	T(changes_of_a_configuration_come_one_after_the_other_here),
	T(changes_of_a_configuration_come_one_after_the_other_in_a_process),
	T(health_is_asked_and_told_here),
	T(health_is_asked_and_told_in_a_process),
	T(hung_health_holds_up_nothing_here),
	T(hung_health_holds_up_nothing_in_a_process),
	T(health_is_the_plugins_own_document_here),
	T(health_is_the_plugins_own_document_in_a_process),
	T(secrets_of_the_configuration_reach_the_plugin_by_handle_here),
	T(secrets_of_the_configuration_reach_the_plugin_by_handle_in_a_process),
	T(a_secret_in_a_result_or_a_log_line_is_withheld_and_counted_here),
	T(a_secret_in_a_result_or_a_log_line_is_withheld_and_counted_in_a_process),
	T(kv_goes_to_the_hooks_and_back_here),
	T(kv_goes_to_the_hooks_and_back_in_a_process),
	T(reports_reach_the_hook_and_a_flood_blocks_nobody_here),
	T(reports_reach_the_hook_and_a_flood_blocks_nobody_in_a_process),
	T(logs_and_metrics_come_out_here),
	T(logs_and_metrics_come_out_in_a_process),
};
