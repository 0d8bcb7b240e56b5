/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_CONFIG_H
#define SS_CONFIG_H

#include "novacron/abi.h"
#include "util.h"

#define SS_DIR_MAX 3001

typedef enum { SS_SERVE = 0, SS_RESTORE } ss_purpose;
typedef enum { SS_SYNC_FULL = 0, SS_SYNC_NORMAL, SS_SYNC_OFF } ss_sync;

/* Immutable after parse. */
typedef struct ss_config {
	char path[SS_DIR_MAX];
	uint32_t purpose;     /* ss_purpose */
	uint32_t synchronous; /* SS_SYNC_FULL or SS_SYNC_OFF */
	uint32_t readers;
	uint32_t log_cache_kib, state_cache_kib, reader_cache_kib;
} ss_config;

/* `json` was checked against schema.json by the host; checked again here, being cheap. */
nc_code ss_config_parse(nc_bytes json, ss_config *ret, nc_error *err);

#endif
