/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_CURSOR_H
#define NC_MODEL_CURSOR_H

/* Inside model/: where a page of a list ended, as opaque text. */

#include "model/query.h"

/* Into q's after_key, after_id. 0 = not one of this kind, sort and order. */
int nc_query_cursor_parse(nc_query *q, const char *text);
/* Arena text; NULL = arena full. */
const char *nc_query_cursor_format(const nc_query *q, nc_bytes key, nc_bytes id);

#endif
