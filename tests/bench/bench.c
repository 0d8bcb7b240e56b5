/* SPDX-License-Identifier: Apache-2.0 */
/* See bench.h. */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"

void bench_die(const char *what, const nc_error *err)
{
	fprintf(stderr, "bench: %s%s%s\n", what, err ? ": " : "", err ? err->message : "");
	exit(1);
}

/* ---- clocks ---- */

double bench_now_us(void)
{
	return (double)nc_clock_mono_ns() / 1e3;
}

static double usage_s(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

double bench_cpu_s(void)
{
	return usage_s(RUSAGE_SELF);
}

double bench_children_cpu_s(void)
{
	return usage_s(RUSAGE_CHILDREN);
}

double bench_cpu_s_of(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		bench_die("a process whose time is wanted is not there", NULL);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

uint32_t bench_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	return *x ^= *x << 5;
}

/* ---- samples ---- */

void bench_samples_init(bench_samples *s, size_t cap)
{
	*s = (bench_samples){ .v = calloc(cap, sizeof(*s->v)), .cap = cap };
	if (!s->v)
		bench_die("out of memory", NULL);
}

void bench_samples_done(bench_samples *s)
{
	free(s->v);
}

void bench_sample(bench_samples *s, double v)
{
	if (s->n < s->cap)
		s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_percentile(bench_samples *s, double percent)
{
	if (!s->n)
		bench_die("nothing was measured", NULL);
	qsort(s->v, s->n, sizeof(*s->v), by_value);
	size_t at = (size_t)((double)s->n * percent / 100);
	return s->v[at < s->n ? at : s->n - 1];
}

/* ---- rows ---- */

void bench_row_begin(bench_row *r, const char *figure, const char *goal)
{
	nc_buf_init(&r->buf, 16u << 10);
	nc_jw_init(&r->w, &r->buf);
	r->has_numbers = 0;
	nc_jw_obj(&r->w);
	nc_jw_kstr(&r->w, "figure", figure);
	nc_jw_kstr(&r->w, "goal", goal ? goal : "-");
}

nc_printf(3, 0) static void put_text(bench_row *r, const char *key, const char *fmt, va_list ap)
{
	char text[200];

	vsnprintf(text, sizeof(text), fmt, ap);
	nc_jw_kstr(&r->w, key, text);
}

void bench_row_value(bench_row *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_text(r, "value", fmt, ap);
	va_end(ap);
}

void bench_row_yardstick(bench_row *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_text(r, "yardstick", fmt, ap);
	va_end(ap);
}

void bench_row_number(bench_row *r, const char *name, double v)
{
	if (!r->has_numbers)
		nc_jw_kobj(&r->w, "numbers");
	r->has_numbers = 1;
	nc_jw_kf64(&r->w, name, v);
}

void bench_row_end(bench_row *r)
{
	if (r->has_numbers)
		nc_jw_obj_end(&r->w);
	nc_jw_obj_end(&r->w);
	nc_jw_done(&r->w);
	if (nc_buf_failed(&r->buf))
		bench_die("a row is too long", NULL);
	printf("%.*s\n", (int)r->buf.len, r->buf.ptr);
	fflush(stdout);
	nc_buf_done(&r->buf);
}

int bench_is_quick(int argc, char **argv)
{
	int is_quick = argc == 2 && !strcmp(argv[1], "--quick");

	if (argc > 1 && !is_quick) {
		fprintf(stderr, "usage: %s [--quick]\n", argv[0]);
		exit(2);
	}
	return is_quick;
}
