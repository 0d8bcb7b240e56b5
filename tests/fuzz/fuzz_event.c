/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "event/event.h"

/* A client's cursor is one of ours to the letter or none; an entry that is taken renders to JSON. */

static void check_cursor(const uint8_t *data, size_t size)
{
	char text[128], log_id[NC_ULID_LEN + 1], again[64];
	uint64_t seq = 0;
	uint32_t n = 0;
	if (size >= sizeof(text))
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (nc_cursor_parse(text, log_id, &seq, &n) != 0)
		return;
	nc_cursor_format(log_id, seq, n, again);
	nc_assert(strcmp(again, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	nc_error err = NC_ERROR_INIT;
	nc_event e;
	check_cursor(data, size);
	if (nc_event_decode((nc_bytes){ data, size }, &e, &err) != NC_OK) {
		nc_assert(err.message[0]);
		return 0;
	}
	nc_assert(e.type && e.topic);
	if (e.data.len > 0 || e.object_revision > INT64_MAX)
		return 0; /* JSON of ours, put in as it is; and no log gets so long */
	_cleanup_(nc_buf_done) nc_buf out;
	_cleanup_(nc_json_decrefp) json_t *j = NULL;
	nc_buf_init(&out, 8 * size + 4096);
	nc_event_render(&e, "01ARZ3NDEKTSV4RRFFQ69G5FAV", 7, 1, &out);
	nc_assert(!nc_buf_failed(&out));
	nc_assert(nc_json_parse(nc_buf_bytes(&out), out.len + 1, &j, NULL) == NC_OK);
	return 0;
}
