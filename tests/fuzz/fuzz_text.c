/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/id.h"

/* Small texts from anywhere: base64, hex, ids. What decodes is what encodes to it. */

static void check_base64(const char *s, size_t n)
{
	char bytes[512], again[512];
	size_t len = 0;
	if (nc_base64_decode(s, n, bytes, &len) != 0)
		return;
	nc_assert(len <= n);
	nc_base64_encode((nc_bytes){ bytes, len }, again);
	nc_assert(strlen(again) == n && memcmp(again, s, n) == 0);
}

static void check_id(const char *s, size_t n)
{
	size_t prefix = 0;
	if (nc_ulid_is(s, n))
		nc_assert(n == NC_ULID_LEN);
	if (nc_id_is(s, &prefix)) {
		nc_assert(prefix > 0 && prefix < strlen(s));
		nc_assert(nc_id_time_ms(s) >= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512], raw[256];
	if (size >= sizeof(text) / 2)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_base64(text, size);
	check_id(text, size);
	(void)nc_unhex(text, size & ~(size_t)1, raw);
	return 0;
}
