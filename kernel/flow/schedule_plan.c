/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a schedule fires: what is due now, what was slept through, what comes next. Pure functions
 * of the schedule, its zone and the clock.
 */
#include "flow/schedules.h"

#include "base/err.h"

#define COUNT_MAX 100000 /* a minute's schedule, ten weeks */

nc_code nc_schedule_first_at(
	const nc_schedule *s, const nc_zone *z, int64_t now_ms, int64_t *ret, nc_error *err)
{
	nc_cron c;
	nc_code rc = s->cron ? nc_cron_parse(s->cron, &c, err) : NC_OK;

	if (rc != NC_OK)
		return rc;
	int64_t at = s->cron ? nc_cron_next(&c, z, now_ms) : s->at_ms;
	*ret = at == NC_CRON_NEVER || at <= now_ms ? 0 : at;
	return NC_OK;
}

nc_code nc_schedule_plan_at(const nc_schedule *s, const nc_zone *z, int64_t now_ms,
	nc_schedule_plan *ret, nc_error *err)
{
	nc_schedule_plan p = { 0 };
	int64_t last = s->next_at_ms, next = NC_CRON_NEVER;
	nc_cron c;
	nc_code rc = s->cron ? nc_cron_parse(s->cron, &c, err) : NC_OK;

	if (rc != NC_OK)
		return rc;
	while (s->cron && (next = nc_cron_next(&c, z, last)) <= now_ms) {
		if (p.n_missed++ == COUNT_MAX) { /* enough counted: go on from now */
			next = nc_cron_next(&c, z, now_ms);
			break;
		}
		last = next;
	}
	p.next_at_ms = next == NC_CRON_NEVER ? 0 : next;
	p.is_late = now_ms - last > NC_SCHEDULE_LATE_MS || p.n_missed > 0;
	if (now_ms - last <= NC_SCHEDULE_LATE_MS || s->on_missed == NC_MISSED_RUN_ONCE)
		p.fire_at_ms = last;
	else
		p.n_missed++;
	*ret = p;
	return NC_OK;
}
