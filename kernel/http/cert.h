/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_HTTP_CERT_H
#define NC_HTTP_CERT_H

#include <stdint.h>

#include "novacron/abi.h"

struct x509_st; /* OpenSSL's certificate */

/*
 * A self-signed certificate (P-256) for these names and numeric addresses, from an hour before now_s
 * for so many days, together with its key in one PEM file, which is replaced as one and readable by
 * this user alone. Blocks.
 */
nc_code nc_cert_make(const char *file, const char *const *names, size_t n_names, int64_t now_s,
	int days, nc_error *err);
/* When it ends, seconds since 1970. */
int64_t nc_cert_ends_s(const struct x509_st *cert);

#endif
