/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugin_metric.h"

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "novacron/host_services.h"

/*
 * One map of the process from "plugin, instance, name, label" to a metric on the heap, which is
 * never freed: nc_metric wants it so. What a plugin names is checked here, since it ends up in
 * everybody's /metrics.
 */

typedef struct series {
	nc_metric metric;
	char name[128], labels[256];
} series;

static pthread_mutex_t series_lock = PTHREAD_MUTEX_INITIALIZER; /* guards both maps */
static nc_map *by_key;                                          /* series */
static nc_map *by_owner; /* "plugin instance" → count, as a pointer */

static int is_name(const char *s)
{
	size_t n = strlen(s);
	if (n == 0 || n > 64 || isdigit((unsigned char)s[0]))
		return 0;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return 0;
	return 1;
}

/* key=value with nothing in it that would have to be quoted. */
static int is_label(const char *s)
{
	const char *eq = strchr(s, '=');
	char key[65];
	if (!eq || (size_t)(eq - s) >= sizeof(key) || strlen(eq + 1) > 96)
		return 0;
	memcpy(key, s, (size_t)(eq - s));
	key[eq - s] = 0;
	for (const char *p = eq + 1; *p; p++)
		if (!isprint((unsigned char)*p) || *p == '"' || *p == '\\')
			return 0;
	return is_name(key);
}

static void format_series(
	series *s, const char *plugin, const char *inst, const char *name, const char *label)
{
	snprintf(s->name, sizeof(s->name), "novacron_plugin_%.40s_%s", plugin, name);
	for (char *p = s->name; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	const char *eq = strchr(label, '=');
	if (eq)
		snprintf(s->labels, sizeof(s->labels), "instance=\"%s\",%.*s=\"%s\"", inst,
			(int)(eq - label), label, eq + 1);
	else
		snprintf(s->labels, sizeof(s->labels), "instance=\"%s\"", inst);
}

/* Under series_lock. */
static series *make(const char *key, const char *owner, nc_metric_type type)
{
	uintptr_t n = (uintptr_t)nc_map_get(by_owner, nc_str(owner));
	if (n >= NC_METRICS_MAX)
		return NULL;
	series *s = nc_calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	if (nc_map_put(by_key, nc_str(key), s, NULL) != NC_OK) {
		nc_free(s);
		return NULL;
	}
	/* Failing to count is no harm: the limit is against floods, not for book-keeping. */
	(void)nc_map_put(by_owner, nc_str(owner), (void *)(n + 1), NULL);
	s->metric.type = type;
	return s;
}

static series *find(const char *plugin, const char *inst, nc_metric_type type, const char *name,
	const char *label)
{
	char key[400], owner[160];
	snprintf(owner, sizeof(owner), "%s %s", plugin, inst);
	snprintf(key, sizeof(key), "%s %s %s", owner, name, label);
	pthread_mutex_lock(&series_lock);
	if (!by_key)
		by_key = nc_map_new();
	if (!by_owner)
		by_owner = nc_map_new();
	series *s = by_key && by_owner ? nc_map_get(by_key, nc_str(key)) : NULL;
	if (!s && by_key && by_owner && (s = make(key, owner, type))) {
		format_series(s, plugin, inst, name, label);
		s->metric.name = s->name;
		s->metric.help = "made by a plugin";
		s->metric.labels = s->labels;
		nc_metric_register(&s->metric);
	}
	pthread_mutex_unlock(&series_lock);
	return s && s->metric.type == type ? s : NULL;
}

void nc_plugin_metric_update(const char *plugin, const char *inst, nc_metric_type type,
	const char *name, const char *label, double v)
{
	if (!is_name(name) || (*label && !is_label(label)) || !isfinite(v) || fabs(v) > 9e18)
		return;
	series *s = find(plugin, inst, type, name, label);
	if (!s)
		return;
	if (type == NC_METRIC_GAUGE)
		nc_metric_set(&s->metric, (int64_t)llround(v));
	else if (v >= 0)
		nc_metric_add(&s->metric, (int64_t)llround(v));
}
