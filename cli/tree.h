/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_TREE_H
#define NC_CLI_TREE_H

#include "base/buf.h"
#include "base/json.h"
#include "cli/term.h"

/*
 * A JSON value as indented lines. YAML can be read back exactly; TEXT is for people: aligned,
 * without quotes, empty things left out, status words coloured.
 */
typedef enum { NC_TREE_YAML, NC_TREE_TEXT } nc_tree_style;

typedef struct nc_tree {
	nc_tree_style style;
	int has_colour;
	/* TEXT: what stands behind a scalar, in parentheses (the name of an id); NULL = nothing. */
	const char *(*remark)(void *ctx, const char *key, const char *value);
	void *ctx;
} nc_tree;

/* Deeper than NC_JSON_DEPTH_MAX shows as "…": what is read from outside is never deeper. Failure is
 * the buffer's. */
void nc_tree_render(const nc_tree *t, const json_t *value, nc_buf *out);

#endif
