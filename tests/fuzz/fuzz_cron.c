/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/cron.h"
#include "base/err.h"

/* A cron expression that is taken has a next time that is behind the one before, or none within what
 * it looks at; one that is refused says why. Two zones: one without changes, one with two a year. */

static nc_zone *zone_with_rule(void)
{
	static const char file[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
				   "\0\0\0\0\0\0UTC\0"
				   "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
				   "\0\0\0\0\0\0UTC\0"
				   "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
	nc_zone *z = NULL;
	nc_code rc = nc_zone_parse("Test/Zone", (nc_bytes){ file, sizeof(file) - 1 }, &z, NULL);
	nc_assert(rc == NC_OK);
	return z;
}

static void check_next(const nc_cron *c, const nc_zone *z)
{
	int64_t at = 1700000000000;
	for (int i = 0; i < 3; i++) {
		int64_t next = nc_cron_next(c, z, at);
		nc_assert(next > at);
		if (next == NC_CRON_NEVER)
			return;
		nc_assert(next % 60000 == 0);
		at = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static nc_zone *changing;
	nc_error err = NC_ERROR_INIT;
	nc_cron c;
	char text[200];
	if (!changing)
		changing = zone_with_rule();
	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (nc_cron_parse(text, &c, &err) != NC_OK) {
		nc_assert(err.message[0]);
		return 0;
	}
	check_next(&c, changing);
	return 0;
}
