/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/zone.h"
#include "base/zonerule.h"

/*
 * A zone's file from the system, and the rule at its end alone. What is taken gives a stretch around
 * every moment, whatever the moment, and the stretch behind it begins where it ends.
 */

static void check_around(const nc_zone *z, int64_t at)
{
	nc_zone_span s, next;
	nc_zone_span_at(z, at, &s);
	nc_assert(s.from_s <= at && (at < s.to_s || s.to_s == INT64_MAX));
	if (s.to_s == INT64_MAX)
		return;
	nc_zone_span_at(z, s.to_s, &next);
	nc_assert(next.from_s == s.to_s);
}

static void check_rule(const uint8_t *data, size_t size)
{
	nc_zone_rule r;
	nc_zone_change c[2];
	char text[128];
	if (size >= sizeof(text))
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (nc_zone_rule_parse(text, &r) != 0 || !r.has_summer)
		return;
	for (int64_t year = 1969; year < 2400; year += 31)
		nc_zone_rule_year(&r, year, c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t moments[] = { INT64_MIN, -5000000000, -1, 0, 1700000000, 4102444800,
		32503680000, 253402300800, INT64_MAX - 1 };
	_cleanup_(nc_zone_freep) nc_zone *z = NULL;
	if (nc_zone_parse("Test/Zone", (nc_bytes){ data, size }, &z, NULL) == NC_OK) {
		for (size_t i = 0; i < NC_LEN(moments); i++)
			check_around(z, moments[i]);
	} else {
		nc_assert(!z);
	}
	check_rule(data, size);
	return 0;
}
