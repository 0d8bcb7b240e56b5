/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_COMPANIONS_H
#define NOVACRON_COMPANIONS_H

/*
 * The optional companions of nc.compute, and nc.scheduler. All /0: outside the ABI lock, may
 * change in any release, until a driver of a real hypervisor serves them. All use the recover of
 * nc.compute: its request names the verb ("migrate.start").
 */

#include "novacron/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NC_EXT_MIGRATE "nc.compute.migrate/0"
typedef struct nc_compute_migrate {
	uint32_t struct_size, flags;
	nc_verb_fn start; /* live, cold or with storage; cancel by op_stop */
} nc_compute_migrate;

#define NC_EXT_SNAPSHOT "nc.compute.snapshot/0"
typedef struct nc_compute_snapshot {
	uint32_t struct_size, flags;
	nc_verb_fn create, revert, remove;
	nc_query_fn list;
} nc_compute_snapshot;

#define NC_EXT_DISK "nc.compute.disk/0"
typedef struct nc_compute_disk {
	uint32_t struct_size, flags;
	nc_verb_fn attach, detach, resize;
} nc_compute_disk;

#define NC_EXT_NIC "nc.compute.nic/0"
typedef struct nc_compute_nic {
	uint32_t struct_size, flags;
	nc_verb_fn attach, detach, update;
} nc_compute_nic;

#define NC_EXT_CONSOLE "nc.compute.console/0"
typedef struct nc_compute_console {
	uint32_t struct_size, flags;
	nc_query_fn log, screenshot;
	nc_verb_fn sendkey;
	/* bytes go through nc.stream/1, spec {"kind":"serial|vnc"} */
} nc_compute_console;

#define NC_EXT_STATS "nc.compute.stats/0"
/* One call, N guests: names in, arrays out. Unknown values are UINT64_MAX. */
typedef struct nc_stat_row {
	uint64_t cpu_time_ns, memory_used_bytes, disk_read_bytes, disk_write_bytes, net_rx_bytes,
		net_tx_bytes;
} nc_stat_row;
typedef struct nc_compute_stats {
	uint32_t struct_size, flags;
	nc_code (*sample)(nc_inst *, nc_op, nc_bytes target, const nc_bytes *guests, uint32_t n,
		nc_stat_row *rows, nc_error *); /* worker; rows has n places, owned by the caller */
} nc_compute_stats;

#define NC_EXT_BACKUP "nc.compute.backup/0"
typedef struct nc_compute_backup {
	uint32_t struct_size, flags;
	nc_verb_fn begin, end; /* a consistent point to read from through nc.stream/1 */
	nc_query_fn extents;   /* changed extents since a named checkpoint */
} nc_compute_backup;

#define NC_EXT_SCHEDULER "nc.scheduler/0"
typedef struct nc_score_batch {
	uint32_t struct_size, n_req, n_cand, n_res;
	const uint64_t *req;      /* n_req * n_res */
	const uint64_t *free;     /* all hosts * n_res, indexed by cand[] */
	const uint32_t *cand_off; /* n_req + 1 */
	const uint32_t *cand;     /* host index */
	double *score;            /* cand_off[n_req] places, owned by the caller */
} nc_score_batch;
typedef struct nc_scheduler {
	uint32_t struct_size, flags;
	nc_code (*score)(nc_inst *, nc_op, const nc_score_batch *, nc_error *); /* worker */
} nc_scheduler;

#ifdef __cplusplus
}
#endif
#endif
