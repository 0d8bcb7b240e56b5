/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_BENCH_H
#define NC_TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/jsonw.h"
#include "novacron/abi.h"

/*
 * What the programs of scripts/bench have in common: clocks, percentiles, and rows for the table.
 * They measure and never judge; what can't be measured ends the program.
 */
nc_noreturn void bench_die(const char *what, const nc_error *err); /* err may be NULL */

double bench_now_us(void);
double bench_cpu_s(void);           /* of this process, all threads */
double bench_cpu_s_of(pid_t pid);   /* of another that runs */
double bench_children_cpu_s(void);  /* of those that were waited for */
uint32_t bench_random(uint32_t *x); /* the same numbers in every run; *x is not 0 */

/* Samples in any order; bench_percentile sorts them. */
typedef struct bench_samples {
	double *v;
	size_t n, cap;
} bench_samples;

void bench_samples_init(bench_samples *s, size_t cap);
void bench_samples_done(bench_samples *s);
void bench_sample(bench_samples *s, double v);
double bench_percentile(bench_samples *s, double percent);

/*
 * One row of the table as one line of JSON on stdout:
 * {figure, goal, value, yardstick, numbers: {…}}. In this order; the unit of a number is the end of
 * its name. `goal` NULL = there is none.
 */
typedef struct bench_row {
	nc_buf buf;
	nc_jw w;
	int has_numbers;
} bench_row;

void bench_row_begin(bench_row *r, const char *figure, const char *goal);
void bench_row_value(bench_row *r, const char *fmt, ...) nc_printf(2, 3);
void bench_row_yardstick(bench_row *r, const char *fmt, ...) nc_printf(2, 3);
void bench_row_number(bench_row *r, const char *name, double v);
void bench_row_end(bench_row *r);

/* --quick: small counts, to try the bench itself. Anything else is a wrong call. */
int bench_is_quick(int argc, char **argv);

#endif
