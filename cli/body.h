/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_BODY_H
#define NC_CLI_BODY_H

#include "cli/cli.h"

/*
 * The body of a create or a change, from what was given: the file (-f), then --set FIELD=VALUE, then
 * the command's own flags that name a field. Values are typed by the kind's table, so that
 * --set vcpus=2 is a number and --set name=2 is text.
 */

/* The caller owns *ret, always an object. */
nc_code nc_body_make(nc_cli *c, const nc_kind *kind, json_t **ret, nc_error *err);
/* "labels.env=prod", "vcpus=2", "description=" (null) into the object. */
nc_code nc_body_set(json_t *body, const nc_kind *kind, const char *assignment, nc_error *err);
/* A member that must not be there already with another value: the name as a word and in a file. */
nc_code nc_body_name(json_t *body, const char *key, const char *value, nc_error *err);
/* Steals the reference; NC_E_NOMEM where value is NULL. */
nc_code nc_body_put(json_t *body, const char *key, json_t *value, nc_error *err);

#endif
