/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_QUERY_H
#define SIM_QUERY_H

#include "novacron/companions.h"
#include "verb.h"

/* The query slots; each takes the lock only while it looks, never while it writes to the sink. */
#define SIM_QUERY(name)                                                                            \
	nc_code name(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink,        \
		nc_error *err)
SIM_QUERY(sim_inventory);
SIM_QUERY(sim_fingerprint);
SIM_QUERY(sim_snapshot_list);
SIM_QUERY(sim_console_log);
SIM_QUERY(sim_console_screenshot);
SIM_QUERY(sim_backup_extents);
SIM_QUERY(sim_volume_inventory);
SIM_QUERY(sim_volume_pools);
SIM_QUERY(sim_network_inventory);
SIM_QUERY(sim_catalog_types);
SIM_QUERY(sim_catalog_images);
SIM_QUERY(sim_catalog_prices);
nc_code sim_stats_sample(nc_inst *inst, nc_op op, nc_bytes target, const nc_bytes *guests,
	uint32_t n, nc_stat_row *rows, nc_error *err);

/*
 * What a query has gathered under the lock, one text an object, to be written after it. Sticky
 * error; freed by sim_batch_send.
 */
typedef struct sim_batch {
	nc_plug_buf text;
	size_t *ends;
	size_t n, cap;
	nc_code error;
} sim_batch;
#define SIM_BATCH_INIT                                                                             \
	{                                                                                          \
		NC_PLUG_BUF(NC_SINK_TOTAL_MAX), NULL, 0, 0, NC_OK                                  \
	}
#define SIM_BATCH_OBJECTS 512 /* at a time, so that the lock is free in between */
void sim_batch_add(sim_batch *b, const nc_msg *msg, const void *obj);
/* Everything to the sink, and the batch empty again. */
nc_code sim_batch_send(sim_batch *b, const struct nc_inst *inst, nc_sink *sink, nc_error *err);
void sim_batch_done(sim_batch *b);

/* Target and request of a query that has neither in its answer's way: fate, names, an empty `req`. */
nc_code sim_query_begin(nc_inst *inst, const char *verb, nc_op op, nc_bytes target, nc_bytes req,
	const nc_msg *msg, nc_msg_mem *mem, void *parsed, char host[SIM_TARGET_MAX], nc_error *err);
nc_code sim_query_guest(
	const struct nc_inst *inst, const char *native_id, const sim_guest **ret, nc_error *err);

/* A picture of the guest's screen (screen.c): PPM, the caller frees. NULL: no memory. */
#define SIM_SCREEN_W 320
#define SIM_SCREEN_H 200
char *sim_screen(const sim_guest_doc *doc, size_t *ret_len);

#endif
