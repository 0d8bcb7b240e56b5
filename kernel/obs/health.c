/* SPDX-License-Identifier: Apache-2.0 */
/* The table of components, process lifetime. `table_lock` guards it and is held for copying only. */
#include "obs/health.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/metric.h"
#include "obs/timing.h"

#define COMPONENTS_MAX 32

typedef struct row {
	const char *component;
	nc_obs_state state;
	int64_t since_ms;
	char why[200];
} row;

const char *const nc_obs_words[] = { "starting", "healthy", "degraded", "unhealthy" };

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static row rows[COMPONENTS_MAX];
static size_t n_rows;
static int ready; /* table_lock */

/* Under the lock. */
static row *row_of(const char *component)
{
	size_t i = 0;

	while (i < n_rows && strcmp(rows[i].component, component))
		i++;
	if (i == n_rows) {
		nc_assert(n_rows < COMPONENTS_MAX);
		rows[n_rows++] = (row){ .component = component };
		rows[i].since_ms = nc_clock_wall_ms();
	}
	return &rows[i];
}

static void set_row(row *r, nc_obs_state state, const char *why)
{
	if (r->state != state)
		r->since_ms = nc_clock_wall_ms();
	r->state = state;
	snprintf(r->why, sizeof(r->why), "%s", why ? why : "");
}

void nc_obs_set(const char *component, nc_obs_state state, const char *why)
{
	pthread_mutex_lock(&table_lock);
	set_row(row_of(component), state, why);
	pthread_mutex_unlock(&table_lock);
}

void nc_obs_started(const char *component)
{
	pthread_mutex_lock(&table_lock);
	row *r = row_of(component);
	if (r->state == NC_OBS_STARTING)
		set_row(r, NC_OBS_HEALTHY, NULL);
	pthread_mutex_unlock(&table_lock);
}

void nc_obs_set_ready(int is_ready)
{
	pthread_mutex_lock(&table_lock);
	ready = is_ready;
	pthread_mutex_unlock(&table_lock);
}

int nc_obs_is_ready(void)
{
	pthread_mutex_lock(&table_lock);
	int is_ready = ready;
	pthread_mutex_unlock(&table_lock);
	return is_ready;
}

static size_t copy_rows(row *to)
{
	pthread_mutex_lock(&table_lock);
	size_t n = n_rows;
	memcpy(to, rows, n * sizeof(*to));
	pthread_mutex_unlock(&table_lock);
	return n;
}

nc_obs_state nc_obs_render(nc_buf *json)
{
	row copy[COMPONENTS_MAX];
	size_t n = copy_rows(copy);
	nc_obs_state worst = NC_OBS_HEALTHY;
	nc_jw w;

	for (size_t i = 0; i < n; i++)
		worst = NC_MAX(worst, copy[i].state);
	nc_jw_init(&w, json);
	nc_jw_obj(&w);
	nc_jw_kstr(&w, "status", nc_obs_words[worst]);
	nc_jw_kbool(&w, "ready", nc_obs_is_ready());
	nc_jw_karr(&w, "components");
	for (size_t i = 0; i < n; i++) {
		nc_jw_obj(&w);
		nc_jw_kstr(&w, "component", copy[i].component);
		nc_jw_kstr(&w, "status", nc_obs_words[copy[i].state]);
		if (*copy[i].why)
			nc_jw_kstr(&w, "why", copy[i].why);
		nc_jw_ktime(&w, "since", copy[i].since_ms);
		nc_jw_obj_end(&w);
	}
	nc_jw_arr_end(&w);
	nc_jw_obj_end(&w);
	return worst;
}

void nc_obs_metrics(nc_buf *out)
{
	row copy[COMPONENTS_MAX];
	size_t n = copy_rows(copy);

	nc_metric_render(out);
	nc_timing_render(out);
	nc_buf_puts(out, "# HELP component_status 1 for the state a component is in.\n"
			 "# TYPE component_status gauge\n");
	for (size_t i = 0; i < n; i++)
		for (int s = NC_OBS_HEALTHY; s <= NC_OBS_UNHEALTHY; s++)
			nc_buf_printf(out, "component_status{component=\"%s\",state=\"%s\"} %d\n",
				copy[i].component, nc_obs_words[s], (int)copy[i].state == s);
}
