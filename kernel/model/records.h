/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_RECORDS_H
#define NC_MODEL_RECORDS_H

#include "model/object.h"

/* The kernel's own records: no route shows them as they are. */
typedef struct nc_idempotency { /* id: hash of principal, project and key */
	nc_object o; /* status, for good: running = it started an operation; else final */
	const char *request_hash;
	const char *operation; /* id */
	int64_t http_status;   /* of the first answer */
	nc_bytes body;         /* JSON: of the first answer; with an operation none */
	int64_t expires_at_ms;
} nc_idempotency;

typedef struct nc_orphan { /* found outside with our tag, or a like one, and no owner here */
	nc_object o;       /* status: listed adopting deleting */
	const char *provider, *host; /* refs */
	const char *native_id, *native_kind, *native_name;
	const char *tag_installation, *tag_object, *tag_operation;
	uint64_t tag_epoch;
	const char *reason;
	nc_bytes found; /* JSON as the driver reported it */
	int64_t found_at_ms;
} nc_orphan;

typedef struct nc_kv_obj { /* id: hash of plugin instance and key; nc.kv/1 */
	nc_object o;
	const char *owner; /* plugin instance */
	const char *key;
	const char *value; /* base64 */
} nc_kv_obj;

enum { NC_IDEMPOTENCY_IX_EXPIRES = NC_IX_OWN };
enum { NC_ORPHAN_IX_NATIVE = NC_IX_OWN };
enum { NC_KV_IX_OWNER = NC_IX_OWN };

#endif
