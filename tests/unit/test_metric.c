/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <sched.h>
#include <string.h>

#include "base/metric.h"
#include "base/pool.h"

/* Counters, gauges, histograms, and the page that shows them. */

static nc_metric b_two = {
	.name = "b_total", .help = "Bees.", .labels = "kind=\"two\"", .type = NC_METRIC_COUNTER
};
static nc_metric b_one = {
	.name = "b_total", .help = "Bees.", .labels = "kind=\"one\"", .type = NC_METRIC_COUNTER
};
static nc_metric a_gauge = { .name = "a_now", .help = "a\\b\nc", .type = NC_METRIC_GAUGE };
static nc_metric seconds = {
	.name = "c_seconds", .help = "Time.", .labels = "phase=\"x\"", .type = NC_METRIC_HISTOGRAM
};
static nc_metric never_used = { .name = "z_never", .help = "", .type = NC_METRIC_COUNTER };

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

static void the_page_is_grouped_and_sorted(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 20);
	nc_metric_add(&b_two, 2);
	nc_metric_set(&a_gauge, -7);
	nc_metric_add(&b_one, 1);
	nc_metric_add(&b_two, 3);
	nc_metric_register(&b_two);
	nc_metric_render(&b);
	CHECK(!nc_buf_failed(&b));
	CHECK_HAS(b.ptr, "# HELP a_now a\\\\b\\nc\n# TYPE a_now gauge\na_now -7\n"
			 "# HELP b_total Bees.\n# TYPE b_total counter\n"
			 "b_total{kind=\"one\"} 1\nb_total{kind=\"two\"} 5\n");
	CHECK_UINT(count_of(b.ptr, "# TYPE b_total"), 1);
	CHECK(!strstr(b.ptr, never_used.name));
	CHECK_INT(nc_metric_get(&b_two), 5);
	CHECK_INT(nc_metric_get(&never_used), 0);
}

static void observations_fall_into_the_right_bucket(void)
{
	static const struct {
		int64_t us;
		size_t bucket;
	} rows[] = { { -5, 0 }, { 0, 0 }, { 16, 0 }, { 17, 1 }, { 32, 1 }, { 33, 2 },
		{ 8388608, 19 }, { 8388609, 20 }, { INT64_MAX / 2, 20 } };
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		static nc_metric m[NC_LEN(rows)];
		m[i].name = "probe_seconds";
		m[i].type = NC_METRIC_HISTOGRAM;
		atomic_store(&m[i].linked, 1); /* not for the page */
		nc_metric_observe_us(&m[i], rows[i].us);
		for (size_t j = 0; j < NC_HIST_BUCKETS; j++)
			CHECK_UINT(atomic_load(&m[i].bucket[j]), j == rows[i].bucket);
	}
}

static void a_histogram_is_cumulative_and_in_seconds(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 20);
	nc_metric_observe_us(&seconds, 10);
	nc_metric_observe_us(&seconds, 20);
	nc_metric_observe_us(&seconds, 20000000);
	nc_metric_render(&b);
	CHECK_HAS(b.ptr, "# TYPE c_seconds histogram\n"
			 "c_seconds_bucket{phase=\"x\",le=\"0.000016\"} 1\n"
			 "c_seconds_bucket{phase=\"x\",le=\"0.000032\"} 2\n");
	CHECK_HAS(b.ptr, "c_seconds_bucket{phase=\"x\",le=\"8.388608\"} 2\n"
			 "c_seconds_bucket{phase=\"x\",le=\"+Inf\"} 3\n"
			 "c_seconds_sum{phase=\"x\"} 20.000030\n"
			 "c_seconds_count{phase=\"x\"} 3\n");
}

static void rendering_without_memory_fails_the_buffer(void)
{
	nc_metric_set(&a_gauge, 1);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_buf_done) nc_buf b;
		nc_buf_init(&b, 1 << 20);
		nc_metric_render(&b);
		rc = b.error;
	}
	_cleanup_(nc_buf_done) nc_buf tiny;
	nc_buf_init(&tiny, 10);
	nc_metric_render(&tiny);
	CHECK_CODE(tiny.error, NC_E_INVAL);
}

enum { THREADS = 4, ROUNDS = 5000 };
static nc_metric shared = { .name = "shared_total", .help = "", .type = NC_METRIC_COUNTER };
static nc_metric shared_seconds = {
	.name = "shared_seconds", .help = "", .type = NC_METRIC_HISTOGRAM
};

static void *count_up(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		nc_metric_add(&shared, 1);
		nc_metric_observe_us(&shared_seconds, i);
	}
	return NULL;
}

static nc_metric fresh[300];
static atomic_size_t arrived;

static void *use_all(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < NC_LEN(fresh); i++) {
		atomic_fetch_add(&arrived, 1);
		while (atomic_load(&arrived) < 2 * (i + 1)) /* both at once, as near as can be */
			sched_yield();
		nc_metric_add(&fresh[i], 1);
	}
	return NULL;
}

static void a_metric_first_used_by_two_threads_is_listed_once(void)
{
	uint64_t tids[2];
	for (size_t i = 0; i < NC_LEN(fresh); i++)
		fresh[i] = (nc_metric){ .name = "fresh_total", .type = NC_METRIC_COUNTER };
	for (size_t i = 0; i < 2; i++)
		REQUIRE(nc_thread_start(&tids[i], "fresh", use_all, NULL) == 0);
	for (size_t i = 0; i < 2; i++)
		nc_thread_join(tids[i]);
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 20);
	nc_metric_render(&b);
	CHECK_UINT(count_of(b.ptr, "\nfresh_total 2\n"), NC_LEN(fresh));
}

static void threads_lose_no_count(void)
{
	uint64_t tids[THREADS];
	for (size_t i = 0; i < THREADS; i++)
		REQUIRE(nc_thread_start(&tids[i], "count", count_up, NULL) == 0);
	for (int i = 0; i < 20; i++) {
		_cleanup_(nc_buf_done) nc_buf b;
		nc_buf_init(&b, 1 << 20);
		nc_metric_render(&b);
		CHECK(!nc_buf_failed(&b));
	}
	for (size_t i = 0; i < THREADS; i++)
		nc_thread_join(tids[i]);
	CHECK_INT(nc_metric_get(&shared), THREADS * ROUNDS);
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 20);
	nc_metric_render(&b);
	CHECK_UINT(count_of(b.ptr, "\nshared_total "), 1);
	CHECK_HAS(b.ptr, "shared_seconds_count 20000\n");
}

NC_TESTS(metric){
	T(the_page_is_grouped_and_sorted),
	T(observations_fall_into_the_right_bucket),
	T(a_histogram_is_cumulative_and_in_seconds),
	T(rendering_without_memory_fails_the_buffer),
	T(a_metric_first_used_by_two_threads_is_listed_once),
	T(threads_lose_no_count),
};
