/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_TLS_H
#define NC_HTTP_TLS_H

#include "http/http.h"
#include "http/transport.h"

/* The TLS transport for a wire whose fd is set: NC_OK, or NC_E_NOMEM and it is as it was. */
nc_code nc_http_tls_open(nc_http_tls *t, nc_http_wire *w);

#endif
