/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_SCHEMA_H
#define NC_MODEL_SCHEMA_H

#include "base/jsonw.h"
#include "model/kind.h"

/* What a kind's table says, for OpenAPI and for people. */
typedef enum nc_schema_form {
	NC_SCHEMA_OBJECT, /* what is shown */
	NC_SCHEMA_CREATE, /* what a create takes */
	NC_SCHEMA_PATCH   /* what a patch takes */
} nc_schema_form;
/* One JSON Schema (2020-12) object, self-contained: readOnly, writeOnly, default, x-unit, x-secret,
 * x-mutability, x-ref. */
void nc_schema_render(const nc_kind *k, nc_schema_form form, nc_jw *w);

/* `explain vm.disks.size_gib`: lines of text. NC_E_NOTFOUND with a did-you-mean. */
nc_code nc_explain(const char *path, nc_buf *out, nc_error *err);

#endif
