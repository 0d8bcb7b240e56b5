/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_UNITS_H
#define NC_CLI_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Amounts as people write and read them. Binary units throughout: 1G = 1 GiB. */
typedef enum nc_size_unit { NC_SIZE_MIB, NC_SIZE_GIB } nc_size_unit;

/* "2G", "1.5GiB", "512M", "1T" in `unit`, which a bare number is in already. 0; or -1 for junk, a
 * negative, an overflow, or what is not a whole number of units. */
int nc_size_parse(const char *text, nc_size_unit unit, int64_t *ret);

/* "512 MiB", "1.5 GiB": at most four digits. */
void nc_bytes_format(int64_t bytes, char *out, size_t cap);
/* "42s", "5m", "3h12m", "9d": how long ago, or how long yet. */
void nc_span_format(int64_t seconds, char *out, size_t cap);

#endif
