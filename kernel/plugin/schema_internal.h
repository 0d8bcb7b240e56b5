/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_SCHEMA_INTERNAL_H
#define NC_PLUGIN_SCHEMA_INTERNAL_H

#include <jansson.h>

/* Shared by schema.c (validation) and schema_edit.c (check of schemas, walks that change). */
int nc_schema_type_fits(const char *type, const json_t *v);
/* What member `key` must be: its own schema, or what additionalProperties says; NULL = anything. */
const json_t *nc_schema_member(const json_t *schema, const char *key);
int nc_schema_is_secret(const json_t *schema); /* NULL: no */

#endif
