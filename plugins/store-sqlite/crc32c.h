/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_CRC32C_H
#define SS_CRC32C_H

#include "novacron/abi.h"

/* CRC-32C (Castagnoli). Start with 0; a longer text may be fed in pieces. */
uint32_t ss_crc32c(uint32_t crc, const void *p, size_t n);
uint32_t ss_crc32c_portable(uint32_t crc, const void *p, size_t n); /* for tests beside it */

/* What guards a record, a key-value and a meta row: identity first, so that bytes which came to
 * lie under another name are damage too. */
uint32_t ss_crc_record(uint64_t seq, nc_bytes data);
uint32_t ss_crc_kv(uint32_t space, nc_bytes key, uint64_t rev, nc_bytes val);
/* Of a row that stands for what was lost: a value of this key, or all keys from here to the next. */
typedef enum { SS_LOST_VALUE = 1, SS_LOST_RANGE } ss_lost;
uint32_t ss_crc_lost(ss_lost what, uint32_t space, nc_bytes key, uint64_t rev);
uint32_t ss_crc_meta(uint32_t k, uint64_t a, uint64_t b, nc_bytes t);

#endif
