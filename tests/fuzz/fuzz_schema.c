/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "plugin/schema.h"

/*
 * A plugin's schema, a NUL, a configuration. A schema that is taken checks any document, fills in
 * defaults that are right, and finds every secret.
 */

static nc_code see_secret(
	void *user, const char *field, const json_t *value, json_t **ret_new, nc_error *err)
{
	(void)user;
	(void)err;
	nc_assert(field && value);
	*ret_new = json_string("•");
	return *ret_new ? NC_OK : NC_E_NOMEM;
}

static void see_fault(void *user, const nc_schema_fault *f)
{
	++*(size_t *)user;
	nc_assert(f->field && f->problem && f->expected);
}

static void check_document(const json_t *schema, nc_bytes text)
{
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	char names[64];
	nc_error err = NC_ERROR_INIT;
	nc_jw w;
	size_t n = 0;
	if (nc_json_parse(text, 1 << 20, &doc, NULL) != NC_OK)
		return;
	_cleanup_(nc_json_decrefp) json_t *before = json_deep_copy(doc);
	_cleanup_(nc_buf_done) nc_buf out;
	nc_buf_init(&out, 1 << 20);
	nc_jw_init(&w, &out);
	size_t faults = nc_schema_validate(schema, doc, see_fault, &n);
	nc_assert(faults == n && nc_schema_render_faults(schema, doc, &w) == faults);
	nc_assert((nc_schema_require(schema, doc, "it", &err) == NC_OK) == (faults == 0));
	if (nc_schema_fill(schema, doc, &err) == NC_OK && faults == 0)
		nc_assert(nc_schema_validate(schema, doc, NULL, NULL) == 0);
	(void)nc_schema_needs_recreate(schema, before, doc, names, sizeof(names));
	nc_assert(nc_schema_each_secret(schema, doc, see_secret, NULL, &err) == NC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(nc_json_decrefp) json_t *schema = NULL;
	nc_error err = NC_ERROR_INIT;
	const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
	size_t n = end ? (size_t)(end - data) : size;
	if (nc_json_parse((nc_bytes){ data, n }, 1 << 20, &schema, NULL) != NC_OK)
		return 0;
	if (nc_schema_check(schema, &err) != NC_OK)
		nc_assert(err.message[0]);
	else if (end)
		check_document(schema, (nc_bytes){ end + 1, size - n - 1 });
	return 0;
}
