/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/id.h"

/* Small texts from anywhere: base64, hex, ids. What decodes is what encodes to it. */

typedef struct alphabet {
	int (*decode)(const char *in, size_t n, void *out, size_t *ret_len);
	void (*encode)(nc_bytes in, char *out);
} alphabet;

static void check_base64(const char *s, size_t n)
{
	static const alphabet both[] = { { nc_base64_decode, nc_base64_encode },
		{ nc_base64url_decode, nc_base64url_encode } };
	char bytes[512], again[512];
	for (size_t i = 0; i < NC_LEN(both); i++) {
		size_t len = 0;
		if (both[i].decode(s, n, bytes, &len) != 0)
			continue;
		nc_assert(len <= n);
		both[i].encode((nc_bytes){ bytes, len }, again);
		nc_assert(strlen(again) == n && memcmp(again, s, n) == 0);
	}
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
