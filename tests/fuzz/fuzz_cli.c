/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "cli/body.h"
#include "cli/document.h"
#include "cli/tree.h"
#include "cli/units.h"

/*
 * What the command reads: documents in YAML or JSON (the first byte is even), which it shows as YAML
 * that reads back to the same; assignments of --set, sizes.
 */

static const char *text_of(const uint8_t *data, size_t size, char *out, size_t cap)
{
	if (size >= cap)
		return NULL;
	memcpy(out, data, size);
	out[size] = '\0';
	return out;
}

static void check_document(nc_bytes text)
{
	nc_error err = NC_ERROR_INIT;
	_cleanup_(nc_json_decrefp) json_t *doc = NULL, *again = NULL;
	_cleanup_(nc_buf_done) nc_buf yaml, shown;
	nc_buf_init(&yaml, 64 << 20);
	nc_buf_init(&shown, 64 << 20);
	if (nc_document_parse(text, "it", &doc, &err) != NC_OK) {
		nc_assert(!doc && err.message[0]);
		return;
	}
	nc_tree_render(&(nc_tree){ .style = NC_TREE_TEXT, .has_colour = 1 }, doc, &shown);
	nc_tree_render(&(nc_tree){ .style = NC_TREE_YAML }, doc, &yaml);
	nc_assert(!nc_buf_failed(&yaml) && !nc_buf_failed(&shown));
	nc_assert(nc_yaml_to_json(nc_buf_bytes(&yaml), "again", &again, &err) == NC_OK);
	nc_assert(json_equal(doc, again));
}

static void check_words(const char *text)
{
	static const nc_kind *const kinds[] = { &nc_kind_vm, &nc_kind_provider };
	nc_error err = NC_ERROR_INIT;
	int64_t n = 4242;
	for (size_t i = 0; i < NC_LEN(kinds); i++) {
		_cleanup_(nc_json_decrefp) json_t *body = json_object();
		if (nc_body_set(body, kinds[i], text, &err) != NC_OK)
			nc_assert(err.message[0]);
	}
	if (nc_size_parse(text, NC_SIZE_MIB, &n) == 0)
		nc_assert(n >= 0);
	else
		nc_assert(n == 4242);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512];
	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		check_document((nc_bytes){ data + 1, size - 1 });
	else if (text_of(data + 1, size - 1, text, sizeof(text)))
		check_words(text);
	return 0;
}
