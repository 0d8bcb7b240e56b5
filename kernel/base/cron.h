/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_CRON_H
#define NC_BASE_CRON_H

#include <stdint.h>

#include "base/zone.h"
#include "novacron/abi.h"

/*
 * Five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday). Each is a list
 * of values, ranges and steps: star, 5, 1-5, star/15, 1-30/2, 8/4 (from 8 on), mon-fri, jan. Where
 * both days are restricted either may match, as in every cron; a field that begins with a star
 * restricts nothing. Instead of fields: @hourly @daily @midnight @weekly @monthly @yearly
 * @annually.
 *
 * When the clocks change: a time that is left out fires when the gap ends, once; a time that comes
 * twice fires the first time. What fires in every hour of the day keeps its pace instead: it has no
 * firing in the gap and fires in both of the hours that look alike.
 */
typedef struct nc_cron {
	uint64_t minutes; /* bit sets */
	uint32_t hours, days, months, weekdays;
	uint8_t is_any_day, is_any_weekday; /* the field begins with a star */
} nc_cron;

/* NC_E_INVAL names the field and what is wrong with it; also for what can never be, like the 31st
 * of February. *ret is untouched then. */
nc_code nc_cron_parse(const char *text, nc_cron *ret, nc_error *err);

/* The first firing after `after_ms`, in unix milliseconds. */
#define NC_CRON_NEVER INT64_MAX /* none within the next 41 years */
int64_t nc_cron_next(const nc_cron *c, const nc_zone *z, int64_t after_ms);

#endif
