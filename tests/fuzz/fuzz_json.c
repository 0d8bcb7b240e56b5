/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

/* Any bytes either are refused with a message, or give a document that dumps and parses alike. */

static void read_every_member(const json_t *doc)
{
	json_t *o = (json_t *)(uintptr_t)doc;
	static const char *const known[] = { "name", "vcpus", NULL };
	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it), *s = NULL;
		const json_t *j = NULL;
		int64_t i = 5;
		double f = 5;
		int b = 5;
		nc_error err = NC_ERROR_INIT;
		nc_jpath at = { NULL, key, 0 };
		int taken = 0;
		taken += nc_json_get_str(o, &at, key, NC_REQUIRED, 10, &s, &err) == NC_OK;
		taken += nc_json_get_i64(o, &at, key, NC_REQUIRED, 0, 9, &i, &err) == NC_OK;
		taken += nc_json_get_bool(o, &at, key, NC_REQUIRED, &b, &err) == NC_OK;
		taken += nc_json_get_obj(o, &at, key, NC_REQUIRED, &j, &err) == NC_OK;
		taken += nc_json_get_arr(o, &at, key, NC_REQUIRED, 3, &j, &err) == NC_OK;
		nc_assert(taken <= 1);
		nc_assert(!s || strlen(s) <= 10);
		nc_assert(i >= 0 && i <= 9);
		nc_code rc = nc_json_get_f64(o, &at, key, NC_OPTIONAL, 0, 9, &f, &err);
		nc_assert(rc == NC_OK || rc == NC_E_INVAL);
		nc_assert(f >= 0 && f <= 9);
		(void)nc_json_only_keys(o, &at, known, &err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(nc_json_decrefp) json_t *doc = NULL, *again = NULL;
	nc_error err = NC_ERROR_INIT;
	nc_code rc = nc_json_parse((nc_bytes){ data, size }, 4000, &doc, &err);
	if (rc != NC_OK) {
		nc_assert(rc == NC_E_INVAL && !doc && err.message[0]);
		return 0;
	}
	read_every_member(doc);
	char *text = json_dumps(doc, JSON_COMPACT | JSON_ENCODE_ANY);
	nc_assert(text);
	rc = nc_json_parse(nc_str(text), 1 << 20, &again, &err);
	nc_assert(rc == NC_OK && json_equal(doc, again));
	free(text);
	return 0;
}
