/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_BASE64_H
#define NC_BASE_BASE64_H

#include <stddef.h>

#include "novacron/abi.h"

/* RFC 4648 base64 with padding: binary inside JSON. */
#define NC_BASE64_LEN(n) (((n) + 2) / 3 * 4)
/* out has NC_BASE64_LEN(in.len) + 1 places; always terminated. */
void nc_base64_encode(nc_bytes in, char *out);
/* out has n / 4 * 3 places. 0, or -1 for what is not base64. */
int nc_base64_decode(const char *in, size_t n, void *out, size_t *ret_len);

/* The alphabet for addresses, without padding: tokens. out has NC_BASE64URL_LEN(in.len) + 1 places,
 * or of the other n / 4 * 3 + 2. */
#define NC_BASE64URL_LEN(n) (((n)*4 + 2) / 3)
void nc_base64url_encode(nc_bytes in, char *out);
int nc_base64url_decode(const char *in, size_t n, void *out, size_t *ret_len);

#endif
