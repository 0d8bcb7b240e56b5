/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of nc.store/1. Constant.
 */
#include "inst.h"

const nc_store ss_store = {
	.struct_size = sizeof(nc_store),
	.lead = ss_lead,
	.append = ss_append,
	.head = ss_head,
	.read = ss_read,
	.materialise = ss_materialise,
	.scan = ss_scan,
	.get = ss_get,
	.trim = ss_trim,
	.backup = ss_backup,
	.check = ss_check,
	.salvage = ss_salvage,
};
