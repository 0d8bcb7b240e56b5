/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_ZONERULE_H
#define NC_BASE_ZONERULE_H

#include <stdint.h>

/* The last line of a zoneinfo file: what holds after its last listed change, "CET-1CEST,M3.5.0,…".
 * For zone.c. */
typedef struct nc_zone_day {
	enum { NC_ZONE_MONTH, NC_ZONE_JULIAN, NC_ZONE_ORDINAL } how; /* M3.5.0, J60, 59 */
	int32_t month, week, day;
	int32_t time_s; /* after local midnight, of the offset that ends then */
} nc_zone_day;

typedef struct nc_zone_rule {
	int32_t standard_s, summer_s; /* local time minus UTC */
	int has_summer;
	nc_zone_day begin, end; /* of summer time */
} nc_zone_rule;

typedef struct nc_zone_change {
	int64_t at_s;
	int32_t offset_s;
} nc_zone_change;

/* 0, or -1: not such a line. */
int nc_zone_rule_parse(const char *s, nc_zone_rule *ret);
/* Both changes of a year, in order. */
void nc_zone_rule_year(const nc_zone_rule *r, int64_t year, nc_zone_change ret[2]);

#endif
