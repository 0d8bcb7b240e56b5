/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects what is wrong with a configuration, so that all of it is told at once. Fixed memory:
 * reporting cannot fail. One load, one thread. Never writes the value of a secret key.
 */
#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cut between UTF-8 characters, never inside one. */
static void put(char *out, size_t cap, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n >= cap) {
		n = cap - 1;
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	if (n)
		memcpy(out, s, n);
	out[n] = '\0';
}

static void fill(nc_config_issue *i, const nc_config_at *at, const char *hint, const char *fmt,
	va_list ap) nc_printf(4, 0);
static void fill(
	nc_config_issue *i, const nc_config_at *at, const char *hint, const char *fmt, va_list ap)
{
	*i = (nc_config_issue){ .code = at->code ? at->code : NC_E_INVAL };
	put(i->source, sizeof(i->source), at->source);
	i->line = at->line;
	i->column = at->column;
	put(i->key, sizeof(i->key), at->key);
	put(i->value, sizeof(i->value), at->secret && at->value ? "(secret)" : at->value);
	put(i->hint, sizeof(i->hint), hint);
	vsnprintf(i->message, sizeof(i->message), fmt, ap);
}

nc_code nc_config_fault(
	nc_config_report *r, const nc_config_at *at, const char *hint, const char *fmt, ...)
{
	va_list ap;

	if (r->n_faults < NC_CONFIG_ISSUES_MAX) {
		va_start(ap, fmt);
		fill(&r->fault[r->n_faults], at, hint, fmt, ap);
		va_end(ap);
	}
	r->n_faults++;
	return at->code ? at->code : NC_E_INVAL;
}

void nc_config_warn(
	nc_config_report *r, const nc_config_at *at, const char *hint, const char *fmt, ...)
{
	va_list ap;

	if (r->n_warnings < NC_CONFIG_ISSUES_MAX) {
		va_start(ap, fmt);
		fill(&r->warning[r->n_warnings], at, hint, fmt, ap);
		va_end(ap);
	}
	r->n_warnings++;
}

void nc_config_issue_format(const nc_config_issue *i, char *out, size_t cap)
{
	char place[32] = "";

	if (i->line)
		snprintf(place, sizeof(place), ":%u:%u", i->line, i->column);
	snprintf(out, cap, "%s%s%s%s%s%s", i->source, place, i->source[0] ? ": " : "", i->key,
		i->key[0] ? ": " : "", i->message);
}
