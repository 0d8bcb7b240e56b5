/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MESSAGES_H
#define MESSAGES_H

/* Made by schema2c from JSON Schemas; change those and run it again. */

/* clang-format off */
#include "novacron-sdk/msg.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	SIM_LATENCY_DIST_UNIFORM = 1,
	SIM_LATENCY_DIST_NORMAL = 2,
	SIM_LATENCY_DIST_EXPONENTIAL = 3
};
extern const char *const sim_latency_dist_names[];

enum {
	SIM_FAULT_CODE_INVAL = 1,
	SIM_FAULT_CODE_NOTFOUND = 2,
	SIM_FAULT_CODE_BUSY = 3,
	SIM_FAULT_CODE_DENIED = 4,
	SIM_FAULT_CODE_QUOTA = 5,
	SIM_FAULT_CODE_UNAVAILABLE = 6,
	SIM_FAULT_CODE_TIMEOUT = 7,
	SIM_FAULT_CODE_CONFLICT = 8,
	SIM_FAULT_CODE_INTERNAL = 9
};
extern const char *const sim_fault_code_names[];

enum {
	SIM_TOLD_HEALTH_HEALTHY = 1,
	SIM_TOLD_HEALTH_DEGRADED = 2,
	SIM_TOLD_HEALTH_UNHEALTHY = 3,
	SIM_TOLD_HEALTH_HANGS = 4
};
extern const char *const sim_told_health_names[];

enum {
	SIM_HANG_MODE_ACCEPT = 1,
	SIM_HANG_MODE_BLOCK = 2
};
extern const char *const sim_hang_mode_names[];

enum {
	SIM_OUTCOME_DONE = 1,
	SIM_OUTCOME_FAILED = 2,
	SIM_OUTCOME_LOST = 3,
	SIM_OUTCOME_CANCELLED = 4
};
extern const char *const sim_outcome_names[];

enum {
	SIM_POWER_RUNNING = 1,
	SIM_POWER_STOPPED = 2,
	SIM_POWER_PAUSED = 3,
	SIM_POWER_SUSPENDED = 4,
	SIM_POWER_CRASHED = 5
};
extern const char *const sim_power_names[];

enum {
	SIM_NETWORK_KIND_NAT = 1,
	SIM_NETWORK_KIND_ROUTED = 2,
	SIM_NETWORK_KIND_BRIDGED = 3,
	SIM_NETWORK_KIND_ISOLATED = 4
};
extern const char *const sim_network_kind_names[];

enum {
	SIM_DOC_KIND_GUEST = 1,
	SIM_DOC_KIND_VOLUME = 2,
	SIM_DOC_KIND_NETWORK = 3,
	SIM_DOC_KIND_PORT = 4
};
extern const char *const sim_doc_kind_names[];

typedef struct sim_listed_host {
	const char *name;
	const char *zone;
	int64_t vcpus;
	int64_t memory_mib;
	int64_t storage_gib;
	const char *const *traits;
	size_t n_traits;
} sim_listed_host;
extern const nc_msg sim_listed_host_msg;

typedef struct sim_host_size {
	int64_t weight; /* share among the sizes */
	int64_t vcpus;
	int64_t memory_mib;
	int64_t storage_gib;
	const char *const *traits;
	size_t n_traits;
} sim_host_size;
extern const nc_msg sim_host_size_msg;

typedef struct sim_latency {
	int64_t min; /* milliseconds */
	int64_t max; /* milliseconds; not less than min */
	int32_t dist; /* SIM_LATENCY_DIST_*: how it lies between min and max */
} sim_latency;
extern const nc_msg sim_latency_msg;

typedef struct sim_latency_ms_entry {
	const char *key;
	struct sim_latency value;
} sim_latency_ms_entry;
extern const nc_msg sim_latency_ms_entry_msg;

typedef struct sim_fault {
	const char *hosts; /* with * and ? */
	const char *names; /* of guests, volumes, networks, with * and ? */
	const char *verbs; /* with * and ? */
	double failure_rate; /* calls that fail before they act */
	bool has_failure_rate;
	double partial_rate; /* creates that leave the guest there but stopped, and fail */
	bool has_partial_rate;
	double hang_rate; /* calls that never answer by themselves */
	bool has_hang_rate;
	/* calls lost on their way: nothing is done, the outcome is unknown */
	double lost_reply_before;
	bool has_lost_reply_before;
	double lost_reply_after; /* answers lost on their way: it is done, the outcome is unknown */
	bool has_lost_reply_after;
	int32_t code; /* SIM_FAULT_CODE_*: what failing calls answer */
	struct sim_latency latency_ms;
	bool has_latency_ms;
	int64_t first_attempts; /* only that many attempts of each operation; absent: all */
	bool has_first_attempts;
} sim_fault;
extern const nc_msg sim_fault_msg;

typedef struct sim_price_list {
	int64_t vcpu_hour_micros;
	int64_t memory_gib_hour_micros;
	int64_t storage_gib_month_micros;
	int64_t address_hour_micros;
	int64_t egress_gib_micros;
	/* of the price on demand, around which spot prices move by the hour */
	int64_t spot_percent;
} sim_price_list;
extern const nc_msg sim_price_list_msg;

typedef struct sim_instance_type {
	const char *name;
	int64_t vcpus;
	int64_t memory_mib;
	int64_t storage_gib;
} sim_instance_type;
extern const nc_msg sim_instance_type_msg;

typedef struct sim_image {
	const char *name;
	const char *distro;
	const char *version;
	int64_t min_disk_gib;
	int64_t size_bytes;
} sim_image;
extern const nc_msg sim_image_msg;

/* config: Simulated hosts, what can go wrong on them, and where their truth is kept. */
typedef struct sim_config {
	int64_t hosts; /* how many, made from sizes and zones */
	const struct sim_listed_host *host_list; /* in place of hosts */
	size_t n_host_list;
	const char *host_prefix; /* of the names of hosts that are made: host-00000 … */
	const struct sim_host_size *sizes; /* absent: 32, 64 and 128 threads, 5:4:1 */
	size_t n_sizes;
	const char *const *zones; /* hosts take turns; absent: zone-a, zone-b, zone-c */
	size_t n_zones;
	const char *const *networks; /* that are there from the beginning; absent: default */
	size_t n_networks;
	int64_t shared_pool_gib; /* of the pool shared@ZONE in each zone */
	/* what happens depends on this, the key of the operation and the attempt */
	int64_t seed;
	bool enforce_capacity; /* refuse guests and volumes a host or pool has no room for */
	int64_t vcpu_ratio; /* guest vcpus a host thread carries */
	const struct sim_latency_ms_entry *latency_ms; /* by verb (compute.create), * for all others; absent: 0 */
	size_t n_latency_ms;
	double failure_rate; /* calls that fail before they act */
	double partial_rate; /* creates that leave the guest there but stopped, and fail */
	double hang_rate; /* calls that never answer by themselves */
	/* calls lost on their way: nothing is done, the outcome is unknown */
	double lost_reply_before;
	double lost_reply_after; /* answers lost on their way: it is done, the outcome is unknown */
	int32_t fault_code; /* SIM_FAULT_CODE_*: what failing calls answer */
	const struct sim_fault *faults; /* the first that fits takes the place of the rates */
	size_t n_faults;
	const char *const *hang_hosts; /* every call to these hangs, with * and ? */
	size_t n_hang_hosts;
	/* SIM_TOLD_HEALTH_*: what it says of itself when it is asked; hangs: nothing, until this is changed */
	int32_t health;
	/* SIM_HANG_MODE_*: accept: the call is taken and never completed; block: it does not return */
	int32_t hang_mode;
	int64_t hang_max_ms; /* a blocked call returns after that at the latest */
	const char *const *down_hosts; /* unreachable, with * and ? */
	size_t n_down_hosts;
	int64_t guest_boot_ms; /* from power on until the guest has its addresses */
	int64_t guest_shutdown_ms; /* a graceful stop takes at least that */
	double ignore_shutdown_rate; /* guests that do not hear a graceful stop */
	double self_poweroff_per_hour; /* of each running guest */
	double crash_per_hour; /* of each running guest */
	/* absolute path of the file that holds the truth about guests, or memory */
	const char *truth;
	bool truth_fsync; /* fsync after each act: for power cuts; a kill needs none */
	int64_t remember_ops; /* finished operations that recover still knows by key */
	const char *currency; /* ISO 4217 */
	struct sim_price_list prices;
	const struct sim_instance_type *types; /* absent: sim.small to sim.xlarge */
	size_t n_types;
	/* absent: a few Linux images; guests may start from others all the same */
	const struct sim_image *images;
	size_t n_images;
	/* opened once at the start and forgotten: to try how secrets travel */
	const char *access_key;
} sim_config;
extern const nc_msg sim_config_msg;

typedef struct sim_truth_meta {
	int64_t version;
	int64_t seed;
} sim_truth_meta;
extern const nc_msg sim_truth_meta_msg;

typedef struct sim_begin_doc {
	const char *key;
	const char *verb;
	const char *target;
	int64_t attempt;
	int64_t due_ms; /* when it acts; milliseconds since 1970 */
	nc_bytes request;
} sim_begin_doc;
extern const nc_msg sim_begin_doc_msg;

typedef struct sim_end_doc {
	const char *key;
	const char *verb;
	int64_t attempt;
	int64_t request_crc;
	int32_t outcome; /* SIM_OUTCOME_*: lost: the call never arrived */
	nc_bytes result;
	int64_t code;
	bool has_code;
	const char *message;
} sim_end_doc;
extern const nc_msg sim_end_doc_msg;

typedef struct sim_tag {
	const char *installation;
	const char *object;
	const char *operation;
	int64_t epoch;
} sim_tag;
extern const nc_msg sim_tag_msg;

typedef struct sim_metadata_entry {
	const char *key;
	const char *value;
} sim_metadata_entry;
extern const nc_msg sim_metadata_entry_msg;

typedef struct sim_disk_doc {
	const char *id;
	int64_t size_gib;
	const char *image;
	const char *volume; /* native id of the volume; absent: made with the guest */
	const char *pool;
} sim_disk_doc;
extern const nc_msg sim_disk_doc_msg;

typedef struct sim_nic_doc {
	const char *id;
	const char *mac;
	const char *network;
	const char *ip;
	bool is_static;
	bool is_down;
} sim_nic_doc;
extern const nc_msg sim_nic_doc_msg;

typedef struct sim_snapshot_doc {
	const char *snapshot;
	const char *snapshot_id;
	const char *name;
	const char *parent;
	bool memory;
	int32_t power; /* SIM_POWER_* */
	int64_t made_at_ms;
	int64_t size_bytes;
} sim_snapshot_doc;
extern const nc_msg sim_snapshot_doc_msg;

typedef struct sim_backup_doc {
	const char *backup;
	const char *checkpoint;
	const char *const *disks;
	size_t n_disks;
} sim_backup_doc;
extern const nc_msg sim_backup_doc_msg;

typedef struct sim_guest_doc {
	const char *native_id;
	const char *uuid;
	const char *id;
	const char *name;
	const char *project;
	const char *host;
	struct sim_tag tag;
	int64_t incarnation;
	int64_t vcpus;
	int64_t memory_mib;
	int32_t power; /* SIM_POWER_* */
	int64_t obs_seq; /* seq of the record that changed it last */
	int64_t next_vcpus; /* from the next start; absent: as now */
	bool has_next_vcpus;
	int64_t next_memory_mib; /* from the next start; absent: as now */
	bool has_next_memory_mib;
	const char *made_by; /* op_key of its create */
	int64_t made_at_ms;
	int64_t boots;
	int64_t booted_at_ms;
	const char *image;
	const char *firmware;
	const struct sim_metadata_entry *metadata;
	size_t n_metadata;
	const struct sim_disk_doc *disks;
	size_t n_disks;
	const struct sim_nic_doc *nics;
	size_t n_nics;
	const struct sim_snapshot_doc *snapshots;
	size_t n_snapshots;
	const char *current; /* snapshot it runs on top of; empty: none */
	const struct sim_backup_doc *backups;
	size_t n_backups;
	const char *const *checkpoints;
	size_t n_checkpoints;
} sim_guest_doc;
extern const nc_msg sim_guest_doc_msg;

typedef struct sim_volume_doc {
	const char *native_id;
	const char *uuid;
	const char *id;
	const char *name;
	const char *pool;
	struct sim_tag tag;
	bool has_tag;
	int64_t size_gib;
	int64_t obs_seq;
	const char *made_by;
	const char *attached_to;
	const char *snapshot_of;
} sim_volume_doc;
extern const nc_msg sim_volume_doc_msg;

typedef struct sim_network_doc {
	const char *native_id;
	const char *uuid;
	const char *id;
	const char *name;
	const char *cidr;
	int32_t kind; /* SIM_NETWORK_KIND_* */
	struct sim_tag tag;
	bool has_tag;
	int64_t obs_seq;
	const char *made_by;
} sim_network_doc;
extern const nc_msg sim_network_doc_msg;

typedef struct sim_port_doc {
	const char *native_id;
	const char *uuid;
	const char *id;
	const char *network;
	const char *mac;
	const char *ip;
	bool is_static;
	struct sim_tag tag;
	bool has_tag;
	int64_t obs_seq;
	const char *made_by;
} sim_port_doc;
extern const nc_msg sim_port_doc_msg;

typedef struct sim_gone_doc {
	int32_t kind; /* SIM_DOC_KIND_* */
	const char *native_id;
} sim_gone_doc;
extern const nc_msg sim_gone_doc_msg;

/* record: One line of the truth file: what one act changed. */
typedef struct sim_record {
	int64_t seq;
	int64_t at_ms;
	struct sim_truth_meta meta;
	bool has_meta;
	struct sim_begin_doc begin;
	bool has_begin;
	struct sim_end_doc end;
	bool has_end;
	const struct sim_guest_doc *guests;
	size_t n_guests;
	const struct sim_volume_doc *volumes;
	size_t n_volumes;
	const struct sim_network_doc *networks;
	size_t n_networks;
	const struct sim_port_doc *ports;
	size_t n_ports;
	const struct sim_gone_doc *gone;
	size_t n_gone;
} sim_record;
extern const nc_msg sim_record_msg;

#ifdef __cplusplus
}
#endif
/* clang-format on */
#endif
