/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "host.h"
#include "plugin/image.h"
#include "plugin/manifest.h"
#include "plugin/schema.h"
#include "process_state.h"

/*
 * --probe: map the plugin, call its entry, look at its tables and at what it says of itself, and write
 * a verdict. Manifest and schema come on stdin as one document. It may end at any point in code that
 * is not ours; the daemon then makes its own verdict of that.
 */

#define INPUT_MAX (1u << 20)

static nc_code read_input(json_t **ret, nc_error *err)
{
	_cleanup_(nc_buf_done) nc_buf text;
	char chunk[16384];
	ssize_t n;
	nc_buf_init(&text, INPUT_MAX);
	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		nc_buf_put(&text, chunk, (size_t)n);
	if (n < 0)
		return nc_err_errno(err, errno, "could not read what to probe against");
	if (nc_buf_failed(&text))
		return nc_err(err, text.error, "what to probe against is too long");
	return nc_json_parse(nc_buf_bytes(&text), INPUT_MAX, ret, err);
}

static nc_code parse_manifest(const json_t *input, nc_manifest **ret, nc_error *err)
{
	const json_t *manifest = json_object_get(input, "manifest");
	char *text = manifest ? nc_json_dump(manifest, JSON_COMPACT) : NULL;
	if (!manifest)
		return nc_err(err, NC_E_INVAL, "there is no manifest to probe against");
	if (!text)
		return nc_err_nomem(err);
	nc_code rc = nc_manifest_parse(nc_str(text), ret, err);
	nc_free(text);
	return rc;
}

/* What the code carries of its manifest must say the same; hashes are the folder's business. */
static nc_code check_manifest_text(const nc_manifest *m, const char *text, nc_error *err)
{
	static const char *const same[] = { "id", "version", "abi", "provides", "requires", "wants",
		"features", "isolation", "process_globals", "permissions", "state_version" };
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	nc_code rc = nc_json_parse(nc_str(text), NC_MANIFEST_MAX, &doc, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, NC_E_PROTO, "P0: the manifest in its code");
	for (size_t i = 0; i < NC_LEN(same); i++) {
		const json_t *a = json_object_get(m->doc, same[i]);
		const json_t *b = json_object_get(doc, same[i]);
		if ((a || b) && !json_equal(a, b))
			return nc_err(err, NC_E_PROTO,
				"P0: the manifest in its code says otherwise than the file about "
				"%s",
				same[i]);
	}
	return NC_OK;
}

static nc_code check_schema_text(const json_t *schema, const char *text, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *doc = NULL;
	nc_code rc = nc_json_parse(nc_str(text), NC_MANIFEST_MAX, &doc, err);
	if (rc == NC_OK)
		rc = nc_schema_check(doc, err);
	if (rc != NC_OK)
		return nc_err_wrap(err, NC_E_PROTO, "P0: the schema in its code");
	if (schema && !json_equal(schema, doc))
		return nc_err(err, NC_E_PROTO,
			"P0: the configuration schema in its code is not the one in schema.json");
	return NC_OK;
}

static nc_code check_trace(const process_state *before, const nc_manifest *m, nc_error *err)
{
	static process_state after;
	int rule;
	nc_code rc = process_state_read(&after, err);
	if (rc != NC_OK)
		return rc;
	const char *what = process_state_compare(before, &after, &rule);
	if (!what)
		return NC_OK;
	nc_err(err, NC_E_PROTO, "P%d: plugin %s: %s", rule, m->id, what);
	return nc_err_hint(err, NC_E_PROTO, "%s", nc_rule_text((nc_rule)rule));
}

static nc_code examine(const json_t *input, nc_manifest *m, nc_image **ret, nc_error *err)
{
	static process_state before;
	nc_code rc = process_state_read(&before, err);
	if (rc != NC_OK)
		return rc;
	rc = nc_image_load(NC_WIRE_CODE_FD, m, ret, err);
	if (rc == NC_OK)
		rc = check_trace(&before, m, err);
	if (rc != NC_OK)
		return rc;
	const nc_entry *e = &(*ret)->entry;
	if (e->manifest_json)
		rc = check_manifest_text(m, e->manifest_json, err);
	if (rc == NC_OK && e->config_schema_json)
		rc = check_schema_text(
			json_object_get(input, "schema"), e->config_schema_json, err);
	return rc;
}

static void write_verdict(nc_code rc, const nc_error *err, const nc_image *image)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_jw w;
	nc_buf_init(&b, 16 << 10);
	nc_jw_init(&w, &b);
	nc_jw_obj(&w);
	nc_jw_kbool(&w, "ok", rc == NC_OK);
	if (rc == NC_OK) {
		nc_jw_kstr(&w, "version", image->entry.version);
		nc_jw_ku64(&w, "abi", image->entry.abi);
	} else {
		nc_jw_kstr(&w, "code", nc_code_name(rc));
		nc_jw_kstr(&w, "message", err->message);
		nc_jw_kstr(&w, "hint", err->hint);
	}
	nc_jw_obj_end(&w);
	nc_bytes text = nc_buf_failed(&b) ? nc_str("{\"ok\":false,\"code\":\"no_memory\","
						   "\"message\":\"out of memory\"}")
					  : nc_buf_bytes(&b);
	(void)nc_write_full(NC_WIRE_FD, text.ptr, text.len, NULL); /* nobody there to tell */
}

int nc_host_probe(void)
{
	nc_error err = NC_ERROR_INIT;
	nc_manifest *m = NULL;
	nc_image *image = NULL;
	json_t *input = NULL;
	nc_code rc = read_input(&input, &err);
	if (rc == NC_OK)
		rc = parse_manifest(input, &m, &err);
	if (rc == NC_OK)
		rc = examine(input, m, &image, &err);
	write_verdict(rc, &err, image);
	/* Destructors of the plugin are not run: it was asked for its entry, no more. */
	_exit(0);
}
