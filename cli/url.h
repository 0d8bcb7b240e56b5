/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_URL_H
#define NC_CLI_URL_H

#include "base/buf.h"

/* The path and query of a request, piece by piece. Everything from outside is percent-encoded, so a
 * name with a slash stays one segment. Failure is the buffer's. */
void nc_url_segment(nc_buf *url, const char *text);                  /* "/" and the text */
void nc_url_query(nc_buf *url, const char *name, const char *value); /* "?" or "&", name=value */

#endif
