/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_ZONE_H
#define NC_BASE_ZONE_H

#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * Time zones by their IANA names, out of the system's zoneinfo files. The C library knows one zone
 * a process, behind setenv("TZ"), which no program with threads may call; so the files are read
 * here (RFC 8536). A zone is immutable once open: any thread.
 */
typedef struct nc_zone nc_zone;

/* A stretch of time with one offset. */
typedef struct nc_zone_span {
	int64_t from_s, to_s; /* unix seconds, from <= t < to; INT64_MIN, INT64_MAX: no end */
	int32_t offset_s;     /* local time minus UTC */
	int32_t before_s;     /* the same of the stretch before; offset_s when there is none */
} nc_zone_span;

/* "Europe/Berlin". "UTC" needs no file. NC_E_INVAL: no such name; NC_E_UNAVAILABLE: this system
 * has no zoneinfo at all; NC_E_PROTO: the file is damaged; NC_E_NOMEM. */
nc_code nc_zone_open(const char *name, nc_zone **ret, nc_error *err);
/* The same from the bytes of a file; `name` is for messages. */
nc_code nc_zone_parse(const char *name, nc_bytes file, nc_zone **ret, nc_error *err);
void nc_zone_free(nc_zone *z);
NC_DEFINE_CLEANUP(nc_zone *, nc_zone_free);

void nc_zone_span_at(const nc_zone *z, int64_t unix_s, nc_zone_span *ret);

#endif
