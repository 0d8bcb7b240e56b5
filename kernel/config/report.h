/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_REPORT_H
#define NC_CONFIG_REPORT_H

#include <stdint.h>

#include "base/cleanup.h"
#include "config/load.h"

/* Inside config/ only: what a fault or a warning is about. */
typedef struct nc_config_at {
	const char *source;
	uint32_t line, column;
	const char *key, *value; /* NULL = "" */
	nc_code code;            /* NC_OK counts as NC_E_INVAL */
	uint8_t secret;          /* the value is not to be told */
} nc_config_at;

/* Both take hint NULL for none. A fault returns its code, so that callers can return it. */
nc_code nc_config_fault(nc_config_report *r, const nc_config_at *at, const char *hint,
	const char *fmt, ...) nc_printf(4, 5);
void nc_config_warn(nc_config_report *r, const nc_config_at *at, const char *hint, const char *fmt,
	...) nc_printf(4, 5);

#endif
