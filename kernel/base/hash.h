/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_HASH_H
#define NC_BASE_HASH_H

#include "novacron/abi.h"

uint32_t nc_crc32c(uint32_t crc, const void *p, size_t n); /* start with 0; SSE4.2 where there */
uint32_t nc_crc32c_portable(uint32_t crc, const void *p, size_t n); /* the same without */
/* Lower-case hex with NUL. */
void nc_sha256_hex(nc_bytes b, char out[65]);
/* From the start of a regular file; its offset stays. */
nc_code nc_sha256_file(int fd, char out[65], uint64_t *ret_size, nc_error *err);
void nc_hmac_sha256(nc_bytes key, nc_bytes msg, uint8_t out[32]);
void nc_hex(const void *p, size_t n, char *out);  /* 2n+1 places */
int nc_unhex(const char *s, size_t n, void *out); /* n hex digits; 0 or -1 */

#endif
