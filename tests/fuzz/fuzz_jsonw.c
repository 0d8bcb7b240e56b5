/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/jsonw.h"

#include <jansson.h>

/* Any bytes come out as one JSON string; valid UTF-8 reads back as itself. */

static int is_utf8(const uint8_t *data, size_t size)
{
	json_t *s = json_stringn((const char *)data, size);
	json_decref(s);
	return s != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_jw w;
	nc_buf_init(&b, size * 6 + 16);
	nc_jw_init(&w, &b);
	nc_jw_strn(&w, (const char *)data, size);
	nc_jw_done(&w);
	nc_assert(!nc_buf_failed(&b));
	json_t *back = json_loadb(b.ptr, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	nc_assert(json_is_string(back));
	if (is_utf8(data, size))
		nc_assert(json_string_length(back) == size &&
			  (size == 0 || memcmp(json_string_value(back), data, size) == 0));
	json_decref(back);
	return 0;
}
