/* SPDX-License-Identifier: Apache-2.0 */
/* operation show: what it is at, its steps as a table, why it failed. */
#include <stdio.h>

#include "base/err.h"
#include "cli/cmd/all.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/tree.h"
#include "cli/wait.h"

enum { TEXT_MAX = 1 << 20 };

static const char *remark(void *ctx, const char *key, const char *value)
{
	(void)key;
	return nc_names_get(ctx, value);
}

/* Everything but the steps. */
static nc_code print_head(nc_cli *c, const json_t *op, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *head = json_copy((json_t *)(uintptr_t)op);
	_cleanup_(nc_buf_done) nc_buf b;
	nc_names *names = nc_names_new(c);

	nc_buf_init(&b, TEXT_MAX);
	if (!head || !names)
		return nc_err_nomem(err);
	json_object_del(head, "steps");
	const nc_tree t = { .style = NC_TREE_TEXT,
		.has_colour = c->term.has_colour_out,
		.remark = remark,
		.ctx = names };
	nc_tree_render(&t, head, &b);
	nc_buf_putc(&b, '\n');
	if (nc_buf_failed(&b))
		return nc_err_nomem(err);
	return nc_print_text(nc_buf_bytes(&b), err);
}

static nc_code print_steps(nc_cli *c, const json_t *steps, nc_error *err)
{
	nc_table t;

	nc_table_init(&t);
	nc_table_column(&t, "STEP", NC_LEFT);
	nc_table_column(&t, "STATE", NC_LEFT);
	nc_table_column(&t, "UNDO", NC_LEFT);
	nc_table_column(&t, "TRIES", NC_RIGHT);
	nc_table_column(&t, "ON", NC_LEFT);
	nc_table_column(&t, "ERROR", NC_LEFT);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *s = json_array_get(steps, i);
		const char *state = nc_json_text(s, "state");
		char tries[24];
		snprintf(tries, sizeof(tries), "%" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(s, "attempts")));
		nc_table_value(&t, nc_json_text(s, "name"), NC_PLAIN);
		nc_table_value(&t, state, nc_status_colour(state));
		nc_table_value(&t, nc_json_text(s, "undo"), NC_PLAIN);
		nc_table_value(&t, tries, NC_PLAIN);
		nc_table_value(&t, nc_json_text(s, "target"), NC_PLAIN);
		nc_table_value(&t, nc_json_text(json_object_get(s, "error"), "message"), NC_PLAIN);
	}
	nc_code rc = nc_print_table(c, &t, err);
	nc_table_done(&t);
	return rc;
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *op = NULL;
	nc_code rc = nc_get_object(c, &nc_kind_operation, c->args.words[0], &op, err);

	if (rc != NC_OK)
		return rc;
	if (nc_out_is_for_programs(c))
		return nc_print_object(c, &nc_kind_operation, op, err);
	rc = print_head(c, op, err);
	return rc == NC_OK ? print_steps(c, json_object_get(op, "steps"), err) : rc;
}

const nc_cmd nc_cmd_operation_show = {
	.path = "operation show",
	.doc = "one operation with its steps",
	.args = { { .name = "OPERATION", .kind = "operation" } },
	.uses = NC_USES_OUTPUT,
	.run = run,
};
