/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metric.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/*
 * Numbers that any layer counts and one page shows. The list only grows and its nodes live as long
 * as the process, so readers walk it without a lock. A histogram's buckets are read one by one:
 * a scrape may miss an observation under way, and each bucket is still exact in the next one.
 */

static _Atomic(nc_metric *) all_metrics; /* release on push, pairs with acquire in render */

void nc_metric_register(nc_metric *m)
{
	if (atomic_load_explicit(&m->linked, memory_order_relaxed))
		return;
	if (atomic_exchange_explicit(&m->linked, 1, memory_order_relaxed))
		return;
	nc_metric *first = atomic_load_explicit(&all_metrics, memory_order_relaxed);
	do
		atomic_store_explicit(&m->next, first, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&all_metrics, &first, m, memory_order_release, memory_order_relaxed));
}

void nc_metric_add(nc_metric *m, int64_t n)
{
	nc_metric_register(m);
	atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
}

void nc_metric_set(nc_metric *m, int64_t v)
{
	nc_metric_register(m);
	atomic_store_explicit(&m->value, v, memory_order_relaxed);
}

/* The smallest i with us <= 16 << i; the last bucket takes the rest. */
static size_t bucket_of(int64_t us)
{
	if (us <= 16)
		return 0;
	size_t i = 64 - (size_t)__builtin_clzll((uint64_t)(us - 1)) - 4;
	return NC_MIN(i, (size_t)NC_HIST_BUCKETS - 1);
}

void nc_metric_observe_us(nc_metric *m, int64_t us)
{
	us = NC_MAX(us, 0);
	nc_metric_register(m);
	atomic_fetch_add_explicit(&m->bucket[bucket_of(us)], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->value, us, memory_order_relaxed);
}

int64_t nc_metric_get(const nc_metric *m)
{
	return atomic_load_explicit(&m->value, memory_order_relaxed);
}

static void put_help(nc_buf *out, const char *help)
{
	for (; *help; help++) {
		if (*help == '\\')
			nc_buf_puts(out, "\\\\");
		else if (*help == '\n')
			nc_buf_puts(out, "\\n");
		else
			nc_buf_putc(out, *help);
	}
}

static void put_header(nc_buf *out, const nc_metric *m)
{
	static const char *const types[] = {
		[NC_METRIC_COUNTER] = "counter",
		[NC_METRIC_GAUGE] = "gauge",
		[NC_METRIC_HISTOGRAM] = "histogram",
	};
	nc_buf_printf(out, "# HELP %s ", m->name);
	put_help(out, m->help ? m->help : "");
	nc_buf_printf(out, "\n# TYPE %s %s\n", m->name, types[m->type]);
}

/* `name_suffix{labels,extra} ` */
static void put_series(nc_buf *out, const nc_metric *m, const char *suffix, const char *extra)
{
	const char *labels = m->labels ? m->labels : "";
	nc_buf_printf(out, "%s%s", m->name, suffix);
	if (labels[0] || extra[0])
		nc_buf_printf(out, "{%s%s%s}", labels, labels[0] && extra[0] ? "," : "", extra);
	nc_buf_putc(out, ' ');
}

static void put_seconds(nc_buf *out, int64_t us)
{
	nc_buf_printf(out, "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void put_histogram(nc_buf *out, const nc_metric *m)
{
	uint64_t count = 0;
	for (size_t i = 0; i < NC_HIST_BUCKETS; i++) {
		char raw[40], le[48] = "le=\"+Inf\"";
		nc_buf bound;
		nc_buf_init_fixed(&bound, raw, sizeof(raw));
		if (i < NC_HIST_BUCKETS - 1) {
			put_seconds(&bound, (int64_t)16 << i);
			nc_buf text;
			nc_buf_init_fixed(&text, le, sizeof(le));
			nc_buf_printf(&text, "le=\"%s\"", raw);
		}
		count += atomic_load_explicit(&m->bucket[i], memory_order_relaxed);
		put_series(out, m, "_bucket", le);
		nc_buf_printf(out, "%llu\n", (unsigned long long)count);
	}
	put_series(out, m, "_sum", "");
	put_seconds(out, nc_metric_get(m));
	nc_buf_putc(out, '\n');
	put_series(out, m, "_count", "");
	nc_buf_printf(out, "%llu\n", (unsigned long long)count);
}

static void put_metric(nc_buf *out, const nc_metric *m)
{
	if (m->type == NC_METRIC_HISTOGRAM) {
		put_histogram(out, m);
		return;
	}
	put_series(out, m, "", "");
	nc_buf_printf(out, "%lld\n", (long long)nc_metric_get(m));
}

static int by_name(const void *a, const void *b)
{
	const nc_metric *x = *(const nc_metric *const *)a, *y = *(const nc_metric *const *)b;
	int order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->labels ? x->labels : "", y->labels ? y->labels : "");
}

static nc_metric *next_of(const nc_metric *m)
{
	return atomic_load_explicit(&m->next, memory_order_relaxed);
}

void nc_metric_render(nc_buf *out)
{
	const nc_metric *first = atomic_load_explicit(&all_metrics, memory_order_acquire);
	size_t n = 0, i = 0;
	for (const nc_metric *m = first; m; m = next_of(m))
		n++;
	_cleanup_(nc_freep) const nc_metric **sorted = nc_calloc(n, sizeof(const nc_metric *));
	if (!sorted) {
		out->error = out->error ? out->error : NC_E_NOMEM;
		return;
	}
	for (const nc_metric *m = first; m; m = next_of(m))
		sorted[i++] = m;
	qsort(sorted, n, sizeof(const nc_metric *), by_name);
	for (i = 0; i < n; i++) {
		if (i == 0 || strcmp(sorted[i]->name, sorted[i - 1]->name) != 0)
			put_header(out, sorted[i]);
		put_metric(out, sorted[i]);
	}
}
