/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "model/query.h"
#include "store/root.h"

/*
 * The parameters of a list, decoded: the first byte chooses the kind, then NAME NUL VALUE NUL over
 * and over. A query that is taken runs; one that is not names the parameter. The list is empty, so
 * that what is tried is the reading.
 */

enum { ARENA_BYTES = 4 << 20, PARAMS_MAX = 12 };

static nc_root *empty_root(void)
{
	static nc_schema schema;
	uint32_t n;
	const nc_kind_def *defs = nc_model_kind_defs(&n);
	nc_assert(nc_schema_init(&schema, defs, n, NULL) == NC_OK);
	nc_root *r = nc_root_new(&schema);
	nc_assert(r);
	return r;
}

static nc_code never(void *ctx, const nc_item *it)
{
	(void)ctx;
	(void)it;
	return NC_E_INTERNAL;
}

static size_t split(char *text, size_t n, nc_param *list)
{
	size_t count = 0;
	char *p = text, *end = text + n;
	while (p < end && count < PARAMS_MAX) {
		list[count].name = p;
		p += strlen(p) + 1;
		list[count++].value = p < end ? p : "";
		if (p < end)
			p += strlen(p) + 1;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static nc_root *root;
	static const char *const ignore[] = { "wait", NULL };
	static const nc_reach everywhere = { .is_everywhere = 1 };
	char text[1024];
	nc_param params[PARAMS_MAX];
	nc_query q;
	nc_faults f;
	if (!root)
		root = empty_root();
	if (size < 2 || size >= sizeof(text))
		return 0;
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(ARENA_BYTES);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	nc_faults_init(&f, a);
	nc_query_parse(&q, nc_kinds[data[0] % nc_n_kinds], &everywhere, params,
		split(text, size - 1, params), ignore, root, a, &f);
	nc_error err = NC_ERROR_INIT;
	const char *cursor = NULL;
	if (f.n > 0)
		nc_assert(nc_faults_error(&f, &err) == NC_E_INVAL && err.message[0]);
	else
		nc_assert(nc_query_run(&q, root, never, NULL, &cursor, &err) == NC_OK && !cursor);
	return 0;
}
