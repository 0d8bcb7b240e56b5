/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* A time that parses is written and parses alike; a refused text leaves the output. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[80], written[25];
	int64_t ms = 4242, again, us = 4242;
	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (nc_time_parse(text, &ms) == 0) {
		nc_time_format(ms, written);
		nc_assert(strlen(written) == 24);
		nc_assert(nc_time_parse(written, &again) == 0 && again == ms);
	} else {
		nc_assert(ms == 4242);
	}
	int rc = nc_duration_parse(text, &us);
	nc_assert(rc == 0 ? us >= 0 : rc == -1 && us == 4242);
	return 0;
}
