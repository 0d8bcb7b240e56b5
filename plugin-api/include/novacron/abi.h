/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_ABI_H
#define NOVACRON_ABI_H

/*
 * The words that both sides of the plugin ABI speak: codes, errors, borrowed bytes, operation
 * handles. C11- and C++11-clean; no bool, long, enum type, time_t or FILE in any signature.
 * Everything here is frozen for the major; see docs/plugin-author.md.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NC_ABI_MAJOR         1u
#define NC_ABI_MINOR         0u
#define NC_ABI               ((NC_ABI_MAJOR << 16) | NC_ABI_MINOR)
#define NC_ABI_MAJOR_OF(abi) ((uint32_t)(abi) >> 16)
#define NC_ABI_MINOR_OF(abi) ((uint32_t)(abi)&0xffffu)

/* True when the peer's table is new enough to have the slot, and the slot is set. */
#define NC_HAS(t, f)                                                                               \
	((t) && (t)->struct_size >= offsetof(__typeof__(*(t)), f) + sizeof((t)->f) && (t)->f)

#define NC_EXPORT __attribute__((visibility("default")))

typedef int32_t nc_code;
enum {
	NC_OK = 0,
	NC_E_INVAL = -1,
	NC_E_NOTFOUND = -2,
	NC_E_EXISTS = -3,
	NC_E_BUSY = -4,
	NC_E_DENIED = -5,
	NC_E_QUOTA = -6,
	NC_E_UNAVAILABLE = -7,
	NC_E_TIMEOUT = -8,
	NC_E_CANCELLED = -9,
	NC_E_UNSUPPORTED = -10,
	NC_E_CONFLICT = -11,
	NC_E_NOMEM = -12,
	NC_E_PROTO = -13,
	NC_E_INTERNAL = -14
};

/* nc_error.flags */
enum { NC_ERR_RETRYABLE = 1, NC_ERR_OUTCOME_UNKNOWN = 2, NC_ERR_USER_FAULT = 4 };

/* Caller-owned, no heap: works out of memory and over the wire. Frozen for a major. */
typedef struct nc_error {
	uint32_t struct_size;
	nc_code code;
	int32_t native; /* errno, HTTP status, virErrorNumber; 0 when there is none */
	uint32_t flags; /* NC_ERR_* */
	uint32_t retry_after_ms;
	uint32_t _pad;
	char domain[32];   /* "kvm", "aws.ec2" */
	char message[320]; /* what happened: one line, lower case, names object and value */
	char hint[320];    /* what the operator can do: one sentence */
} nc_error;

/* Borrowed bytes: never owned by who receives them, valid until the call returns. */
typedef struct nc_bytes {
	const void *ptr;
	size_t len;
} nc_bytes;

typedef struct nc_op {
	uint64_t v; /* slot | generation; 0 is no operation */
} nc_op;

typedef struct nc_sink nc_sink; /* host-owned, append-only, bounded */
typedef struct nc_inst nc_inst; /* plugin-owned: one provider or account */
typedef struct nc_host_ctx nc_host_ctx;

/* op_stop_reason, op_stop. DETACH: stop watching, the remote work goes on. */
enum { NC_RUN = 0, NC_CANCEL = 1, NC_DETACH = 2, NC_DEADLINE = 3 };

/* op_complete's outcome. */
enum {
	NC_DONE = 0,
	NC_FAILED_NO_EFFECT = 1,
	NC_FAILED_PARTIAL = 2,
	NC_CANCELLED = 3,
	NC_DETACHED = 4,
	NC_UNKNOWN = 5
};

/* recover's answer; only ABSENT permits a retry. */
enum {
	NC_REC_ABSENT = 0,
	NC_REC_RUNNING = 1, /* the op is re-attached and completes as any accepted op */
	NC_REC_DONE = 2,
	NC_REC_FAILED = 3,
	NC_REC_UNKNOWN = 4
};

/* log levels */
enum { NC_LOG_ERROR = 0, NC_LOG_WARN = 1, NC_LOG_INFO = 2, NC_LOG_DEBUG = 3, NC_LOG_TRACE = 4 };

/* A continuation on the instance's control thread. */
typedef void (*nc_cont)(nc_inst *, nc_op, nc_code, uint64_t user);

#ifdef __cplusplus
}
#endif
#endif
