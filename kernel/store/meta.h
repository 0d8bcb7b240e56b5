/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_STORE_META_H
#define NC_STORE_META_H

#include "base/buf.h"
#include "novacron/store.h"
#include "store/record.h"

/* Names in the meta space. Ids are their text, numbers u64 little-endian. */
#define NC_META_FORMAT       "format"
#define NC_META_LOG_ID       "log_id"
#define NC_META_INSTALLATION "installation"
#define NC_META_EVENT_OLDEST "lane.1.oldest"
#define NC_META_AUDIT_OLDEST "lane.2.oldest"

/* Empty when it isn't there. NC_E_PROTO: damaged. */
nc_code nc_meta_get(
	const nc_store *store, nc_inst *inst, const char *name, nc_buf *ret, nc_error *err);
/* Without a database: for a state that is not open. */
nc_code nc_epoch_append_raw(const nc_store *store, nc_inst *inst, const nc_identity *id,
	const char *node, uint64_t epoch, uint64_t head, nc_error *err);

#endif
