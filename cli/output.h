/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_OUTPUT_H
#define NC_CLI_OUTPUT_H

#include "cli/cli.h"
#include "cli/table.h"

/* What a command prints on standard output, by -o. */
typedef enum { NC_OUT_TABLE, NC_OUT_JSON, NC_OUT_YAML, NC_OUT_NAME, NC_OUT_WIDE } nc_out_form;
nc_out_form nc_out_form_of(const nc_cli *c);
/* For a program rather than for people: JSON, YAML or names. */
int nc_out_is_for_programs(const nc_cli *c);

/* Objects of a kind: a table of its columns, names, or the whole document `page`, {"items": […]}. */
nc_code nc_print_list(nc_cli *c, const nc_kind *kind, const json_t *page, nc_error *err);
/* One object: its fields as lines, its name, or as it is. */
nc_code nc_print_object(nc_cli *c, const nc_kind *kind, const json_t *object, nc_error *err);
/* JSON and YAML: the document; otherwise the text. */
nc_code nc_print_either(nc_cli *c, const json_t *document, nc_bytes text, nc_error *err);
nc_code nc_print_json(nc_cli *c, const json_t *document, nc_error *err); /* -o json or yaml */
nc_code nc_print_text(nc_bytes text, nc_error *err);
nc_code nc_print_table(nc_cli *c, const nc_table *t, nc_error *err);
/* "vm hello started": one line, only where people read. */
nc_code nc_print_line(nc_cli *c, nc_error *err, const char *fmt, ...) nc_printf(3, 4);

#endif
