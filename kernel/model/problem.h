/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_PROBLEM_H
#define NC_MODEL_PROBLEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * The one table: problem code → nc_code, HTTP status, CLI exit code, title. An nc_error carries
 * its problem code in `domain` as "nc.<code>"; errors of drivers have their own domain and fall
 * back to the row that is named as their nc_code.
 */
typedef struct nc_problem {
	const char *code; /* "in_use": the last part of the problem document's type */
	nc_code nc;
	uint16_t http_status;
	uint8_t exit_code;
	uint8_t is_retryable;
	const char *title;
} nc_problem;

extern const nc_problem nc_problems[];
extern const size_t nc_n_problems;

enum { /* what the CLI exits with */
	NC_EXIT_OK = 0,
	NC_EXIT_FAILED = 1,
	NC_EXIT_USAGE = 2,
	NC_EXIT_NOT_TRUSTED = 3,
	NC_EXIT_INCOMPATIBLE = 4,
	NC_EXIT_QUARANTINED = 5,
	NC_EXIT_STALE = 6,
	NC_EXIT_NOT_FOUND = 10,
	NC_EXIT_CONFLICT = 11,
	NC_EXIT_DENIED = 12,
	NC_EXIT_QUOTA = 13,
	NC_EXIT_NO_CAPACITY = 14,
	NC_EXIT_TIMEOUT = 15,
	NC_EXIT_CANCELLED = 16,
	NC_EXIT_UNAVAILABLE = 17
};

/* By code; NULL = no such row. */
const nc_problem *nc_problem_find(const char *code);
/* Never NULL: outcome unknown, else by domain "nc.<code>", else the row named as err->code is. */
const nc_problem *nc_problem_of(const nc_error *err);
/* Fill err as this problem (asserted to be in the table) and return its nc_code. */
nc_code nc_problem_err(nc_error *err, const char *code, const char *fmt, ...) nc_printf(3, 4);

#endif
