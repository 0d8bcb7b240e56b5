/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_ERR_H
#define NC_BASE_ERR_H

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * Errors are values: nc_code returned, nc_error filled once where it happens and passed through.
 * Every function that takes `nc_error *err` accepts NULL. Message: lower case, no full stop,
 * names object and value. Hint: one sentence for the operator.
 */
#define NC_ERROR_INIT                                                                              \
	{                                                                                          \
		.struct_size = sizeof(nc_error)                                                    \
	}

/* Fill err and return code, so that callers write `return nc_err(err, NC_E_INVAL, "…", …)`. */
nc_code nc_err(nc_error *err, nc_code code, const char *fmt, ...) nc_printf(3, 4);
/* The same from errno: the message ends in ": <strerror>", native = errno; ENOSPC, EROFS, EACCES,
 * ENOENT, ENOMEM, ETIMEDOUT choose their codes. */
nc_code nc_err_errno(nc_error *err, int errnum, const char *fmt, ...) nc_printf(3, 4);
nc_code nc_err_nomem(nc_error *err);
/* Add to an error already set; return err->code so that they chain. */
nc_code nc_err_hint(nc_error *err, nc_code code, const char *fmt, ...) nc_printf(3, 4);
/* Put "context: " in front of the message at a boundary, keeping code, domain and hint. */
nc_code nc_err_wrap(nc_error *err, nc_code code, const char *fmt, ...) nc_printf(3, 4);
void nc_err_copy(nc_error *dst, const nc_error *src); /* both may be NULL */
void nc_err_clear(nc_error *err);

const char *nc_code_name(nc_code code);            /* "not_found"; "internal" for an unknown one */
int nc_code_parse(const char *name, nc_code *ret); /* 0, or -1 when there is no such name */

#endif
