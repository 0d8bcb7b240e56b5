/* SPDX-License-Identifier: Apache-2.0 */
/* Boot durations for /metrics: a small fixed table, written while starting, read by scrapes. */
#include "obs/timing.h"

#include <pthread.h>
#include <string.h>

#define ROWS_MAX 48

typedef enum { PHASE, COMPONENT, TOTAL, ERROR, N_FAMILIES } family;

static const struct {
	const char *name, *help, *type, *label;
} families[N_FAMILIES] = {
	{ "phase_duration_seconds", "How long each phase of the start took.", "gauge", "phase" },
	{ "component_init_duration_seconds", "How long each component took to start.", "gauge",
		"component" },
	{ "total_boot_time_seconds", "From main to ready.", "gauge", NULL },
	{ "initialization_errors_total", "Failed attempts to start a component.", "counter",
		"component" },
};

typedef struct row {
	family f;
	const char *name, *phase;
	int64_t value; /* microseconds, or a count */
} row;

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static row rows[ROWS_MAX];
static size_t n_rows;

static void set(family f, const char *name, const char *phase, int64_t value, int is_add)
{
	size_t i = 0;

	pthread_mutex_lock(&table_lock);
	while (i < n_rows && !(rows[i].f == f && !strcmp(rows[i].name, name)))
		i++;
	if (i == n_rows && n_rows < ROWS_MAX)
		rows[n_rows++] = (row){ .f = f, .name = name, .phase = phase };
	if (i < n_rows)
		rows[i].value = is_add ? rows[i].value + value : value;
	pthread_mutex_unlock(&table_lock);
}

void nc_timing_phase(const char *phase, int64_t us)
{
	set(PHASE, phase, NULL, us, 0);
}

void nc_timing_component(const char *component, int64_t us)
{
	set(COMPONENT, component, NULL, us, 0);
}

void nc_timing_total(int64_t us)
{
	set(TOTAL, "", NULL, us, 0);
}

void nc_timing_error(const char *component, const char *phase)
{
	set(ERROR, component, phase, 1, 1);
}

static void render_row(nc_buf *out, const row *r)
{
	const char *label = families[r->f].label;

	nc_buf_puts(out, families[r->f].name);
	if (r->f == ERROR)
		nc_buf_printf(out, "{component=\"%s\",phase=\"%s\"}", r->name, r->phase);
	else if (label)
		nc_buf_printf(out, "{%s=\"%s\"}", label, r->name);
	if (r->f == ERROR)
		nc_buf_printf(out, " %lld\n", (long long)r->value);
	else
		nc_buf_printf(out, " %.6f\n", (double)r->value / 1e6);
}

void nc_timing_render(nc_buf *out)
{
	pthread_mutex_lock(&table_lock);
	for (int f = 0; f < N_FAMILIES; f++) {
		nc_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", families[f].name,
			families[f].help, families[f].name, families[f].type);
		for (size_t i = 0; i < n_rows; i++)
			if ((int)rows[i].f == f)
				render_row(out, &rows[i]);
	}
	pthread_mutex_unlock(&table_lock);
}
