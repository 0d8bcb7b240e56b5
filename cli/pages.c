/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: filters into a query, pages into one document. */
#include "cli/pages.h"

#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "cli/call.h"
#include "cli/output.h"

enum { PAGE_MAX = 1000, PAGE = 100, NAME_MAX_LEN = 128 };

/* "key=value" into two; NC_E_INVAL when there is no '='. */
static nc_code split(const char *flag, const char *text, char name[NAME_MAX_LEN],
	const char **ret_value, nc_error *err)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text || equals - text >= NAME_MAX_LEN - 8)
		return nc_err(
			err, NC_E_INVAL, "--%s: \"%.80s\" is not of the form a=b", flag, text);
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = '\0';
	*ret_value = equals + 1;
	return NC_OK;
}

static nc_code add_pairs(
	nc_cli *c, nc_call *call, const char *flag, const char *prefix, nc_error *err)
{
	char name[NAME_MAX_LEN], param[NAME_MAX_LEN + 8];
	const char *text, *value = NULL;

	for (size_t it = 0; (text = nc_args_next(&c->args, flag, &it));) {
		nc_code rc = split(flag, text, name, &value, err);
		if (rc != NC_OK)
			return rc;
		snprintf(param, sizeof(param), "%s%s", prefix, name);
		nc_call_query(call, param, value);
	}
	return NC_OK;
}

static nc_code add_filters(nc_cli *c, nc_call *call, nc_error *err)
{
	for (size_t i = 0; i < c->args.n_given; i++)
		if (c->args.given[i].flag->field)
			nc_call_query(call, c->args.given[i].flag->field, c->args.given[i].value);
	if (nc_args_has(&c->args, "deleted"))
		nc_call_query(call, "deleted", "true");
	nc_code rc = add_pairs(c, call, "label", "label.", err);
	return rc == NC_OK ? add_pairs(c, call, "filter", "", err) : rc;
}

static nc_code read_page(nc_cli *c, const nc_kind *kind, int64_t limit, const char *cursor,
	json_t **ret, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	char text[24];

	nc_call_init(&call, "GET", kind, NULL, NULL);
	snprintf(text, sizeof(text), "%" PRId64, NC_MIN(limit, (int64_t)PAGE_MAX));
	nc_call_query(&call, "limit", text);
	nc_call_query(&call, "cursor", cursor);
	nc_code rc = add_filters(c, &call, err);
	if (rc == NC_OK)
		rc = nc_call_send(c, &call, err);
	if (rc == NC_OK && !json_is_array(json_object_get(call.json, "items")))
		rc = nc_err(err, NC_E_PROTO, "%s: the answer is not a list", kind->plural);
	if (rc == NC_OK)
		*ret = nc_steal(&call.json);
	return rc;
}

/* The next page's items and cursor into the first. */
static nc_code join(json_t *whole, json_t *page, nc_error *err)
{
	json_t *cursor = json_object_get(page, "next_cursor");

	json_object_del(whole, "next_cursor");
	if (json_array_extend(json_object_get(whole, "items"), json_object_get(page, "items")) ||
		(cursor && json_object_set(whole, "next_cursor", cursor)))
		return nc_err_nomem(err);
	return NC_OK;
}

nc_code nc_pages_read(nc_cli *c, const nc_kind *kind, json_t **ret, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *whole = NULL;
	int is_all = nc_args_has(&c->args, "all");
	int64_t left = is_all ? INT64_MAX : nc_args_num(&c->args, "limit", PAGE);
	const char *cursor = nc_args_str(&c->args, "cursor");
	nc_code rc = read_page(c, kind, left, cursor, &whole, err);

	while (rc == NC_OK) {
		_cleanup_(nc_json_decrefp) json_t *page = NULL;
		json_t *items = json_object_get(whole, "items");
		const char *next = json_string_value(json_object_get(whole, "next_cursor"));
		int64_t wanted = is_all ? left : left - (int64_t)json_array_size(items);
		if (!next || wanted <= 0)
			break;
		rc = read_page(c, kind, wanted, next, &page, err);
		if (rc == NC_OK)
			rc = join(whole, page, err);
	}
	if (rc == NC_OK)
		*ret = nc_steal(&whole);
	return rc;
}

nc_code nc_pages_print(nc_cli *c, const nc_kind *kind, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *page = NULL;
	nc_code rc = nc_pages_read(c, kind, &page, err);

	if (rc == NC_OK)
		rc = nc_print_list(c, kind, page, err);
	if (rc == NC_OK && json_object_get(page, "next_cursor") && !nc_out_is_for_programs(c))
		nc_tell(&c->term, "there are more: --all, --limit N or --cursor %s",
			nc_json_text(page, "next_cursor"));
	return rc;
}
