/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_RENDER_H
#define NC_CONFIG_RENDER_H

#include "base/buf.h"
#include "config/config.h"

/* Text made from the table. Failure is the buffer's (nc_buf_failed). */
void nc_config_generate(nc_buf *out); /* commented YAML, every key at its default */
void nc_config_docs(nc_buf *out);     /* Markdown, every key */
/* {"server":{"api_port":8090,…},…}; secrets are {"set":true|false}. */
void nc_config_render_json(const nc_config *c, nc_buf *out);

#endif
