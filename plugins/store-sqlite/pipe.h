/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_PIPE_H
#define SS_PIPE_H

#include "container.h"

/* Whole writes and reads on a pipe's descriptor, ended by its op or is_stopped (NC_E_CANCELLED,
 * NC_E_TIMEOUT, NC_E_UNAVAILABLE). The descriptor may be non-blocking. */
nc_code ss_pipe_write(ss_pipe *p, const void *data, size_t n, nc_error *err);
nc_code ss_pipe_read(ss_pipe *p, void *data, size_t n, nc_error *err); /* early end: NC_E_PROTO */

#endif
