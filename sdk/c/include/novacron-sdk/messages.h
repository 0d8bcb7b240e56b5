/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOVACRON_SDK_MESSAGES_H
#define NOVACRON_SDK_MESSAGES_H

/* Made by schema2c from JSON Schemas; change those and run it again. */

/* clang-format off */
#include "novacron-sdk/msg.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NC_BACKUP_CONSISTENCY_CRASH = 1,
	NC_BACKUP_CONSISTENCY_FILESYSTEM = 2
};
extern const char *const nc_backup_consistency_names[];

enum {
	NC_OS_FAMILY_LINUX = 1,
	NC_OS_FAMILY_WINDOWS = 2,
	NC_OS_FAMILY_BSD = 3,
	NC_OS_FAMILY_OTHER = 4
};
extern const char *const nc_os_family_names[];

enum {
	NC_FIRMWARE_BIOS = 1,
	NC_FIRMWARE_UEFI = 2,
	NC_FIRMWARE_UEFI_SECURE = 3
};
extern const char *const nc_firmware_names[];

enum {
	NC_PRICE_ITEM_INSTANCE = 1,
	NC_PRICE_ITEM_STORAGE = 2,
	NC_PRICE_ITEM_ADDRESS = 3,
	NC_PRICE_ITEM_EGRESS = 4
};
extern const char *const nc_price_item_names[];

enum {
	NC_PRICE_MARKET_ON_DEMAND = 1,
	NC_PRICE_MARKET_SPOT = 2
};
extern const char *const nc_price_market_names[];

enum {
	NC_PRICE_UNIT_HOUR = 1,
	NC_PRICE_UNIT_GIB_MONTH = 2,
	NC_PRICE_UNIT_GIB = 3
};
extern const char *const nc_price_unit_names[];

enum {
	NC_POWER_RUNNING = 1,
	NC_POWER_STOPPED = 2,
	NC_POWER_PAUSED = 3,
	NC_POWER_SUSPENDED = 4,
	NC_POWER_CRASHED = 5,
	NC_POWER_UNKNOWN = 6
};
extern const char *const nc_power_names[];

enum {
	NC_ADDRESS_SOURCE_STATIC = 1,
	NC_ADDRESS_SOURCE_DHCP = 2,
	NC_ADDRESS_SOURCE_AGENT = 3,
	NC_ADDRESS_SOURCE_ARP = 4,
	NC_ADDRESS_SOURCE_PROVIDER = 5
};
extern const char *const nc_address_source_names[];

enum {
	NC_HOST_STATE_UP = 1,
	NC_HOST_STATE_DOWN = 2,
	NC_HOST_STATE_MAINTENANCE = 3,
	NC_HOST_STATE_UNKNOWN = 4
};
extern const char *const nc_host_state_names[];

enum {
	NC_POWER_ACTION_START = 1,
	NC_POWER_ACTION_STOP = 2,
	NC_POWER_ACTION_RESTART = 3,
	NC_POWER_ACTION_RESET = 4,
	NC_POWER_ACTION_PAUSE = 5,
	NC_POWER_ACTION_RESUME = 6,
	NC_POWER_ACTION_SUSPEND = 7,
	NC_POWER_ACTION_WAKE = 8,
	NC_POWER_ACTION_NMI = 9
};
extern const char *const nc_power_action_names[];

enum {
	NC_POWER_MODE_GRACEFUL = 1,
	NC_POWER_MODE_FORCE = 2
};
extern const char *const nc_power_mode_names[];

enum {
	NC_SCREEN_FORMAT_PPM = 1,
	NC_SCREEN_FORMAT_PNG = 2
};
extern const char *const nc_screen_format_names[];

enum {
	NC_MIGRATE_MODE_LIVE = 1,
	NC_MIGRATE_MODE_COLD = 2
};
extern const char *const nc_migrate_mode_names[];

enum {
	NC_MIGRATE_STORAGE_SHARED = 1,
	NC_MIGRATE_STORAGE_COPY = 2
};
extern const char *const nc_migrate_storage_names[];

enum {
	NC_NETWORK_KIND_NAT = 1,
	NC_NETWORK_KIND_ROUTED = 2,
	NC_NETWORK_KIND_BRIDGED = 3,
	NC_NETWORK_KIND_ISOLATED = 4
};
extern const char *const nc_network_kind_names[];

enum {
	NC_LINK_STATE_UP = 1,
	NC_LINK_STATE_DOWN = 2
};
extern const char *const nc_link_state_names[];

enum {
	NC_HEALTH_STATUS_HEALTHY = 1,
	NC_HEALTH_STATUS_DEGRADED = 2,
	NC_HEALTH_STATUS_UNHEALTHY = 3
};
extern const char *const nc_health_status_names[];

enum {
	NC_SNAPSHOT_CHILDREN_KEEP = 1,
	NC_SNAPSHOT_CHILDREN_REMOVE = 2
};
extern const char *const nc_snapshot_children_names[];

enum {
	NC_STREAM_KIND_SERIAL = 1,
	NC_STREAM_KIND_VNC = 2,
	NC_STREAM_KIND_BACKUP = 3,
	NC_STREAM_KIND_BYTES = 4
};
extern const char *const nc_stream_kind_names[];

enum {
	NC_STREAM_PATTERN_ZERO = 1,
	NC_STREAM_PATTERN_COUNT = 2,
	NC_STREAM_PATTERN_RANDOM = 3
};
extern const char *const nc_stream_pattern_names[];

enum {
	NC_STREAM_DIRECTION_SEND = 1,
	NC_STREAM_DIRECTION_RECEIVE = 2
};
extern const char *const nc_stream_direction_names[];

typedef struct nc_tag {
	const char *installation; /* the installation that owns what is made */
	const char *object; /* id of the owning object */
	const char *operation; /* id of the operation that made it */
	int64_t epoch; /* store epoch at the time; a restored backup starts a new one */
} nc_tag;
extern const nc_msg nc_tag_msg;

/* backup.begin.request: Hold a point in time of a guest's disks, to be read through nc.stream kind backup. */
typedef struct nc_backup_begin_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *checkpoint; /* name under which changes are counted from here on */
	const char *const *disks; /* absent: all */
	size_t n_disks;
	bool quiesce; /* freeze file systems through the guest agent */
	bool has_quiesce;
} nc_backup_begin_request;
extern const nc_msg nc_backup_begin_request_msg;

typedef struct nc_backup_disk {
	const char *id; /* id of the disk */
	int64_t size_bytes;
} nc_backup_disk;
extern const nc_msg nc_backup_disk_msg;

/* backup.begin.result: The point held. */
typedef struct nc_backup_begin_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	const char *backup; /* what the driver calls this backup */
	const char *checkpoint;
	int32_t consistency; /* NC_BACKUP_CONSISTENCY_* */
	const struct nc_backup_disk *disks;
	size_t n_disks;
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
} nc_backup_begin_result;
extern const nc_msg nc_backup_begin_result_msg;

/* backup.end.request: Let the point go. */
typedef struct nc_backup_end_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *backup; /* what the driver calls this backup */
	bool keep_checkpoint; /* false: the next backup must be full */
} nc_backup_end_request;
extern const nc_msg nc_backup_end_request_msg;

/* backup.end.result: Let go. */
typedef struct nc_backup_end_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
} nc_backup_end_result;
extern const nc_msg nc_backup_end_result_msg;

/* backup.extents.request: Which parts of a disk to read. */
typedef struct nc_backup_extents_request {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	const char *backup; /* what the driver calls this backup */
	const char *disk; /* id of the disk */
	const char *since; /* checkpoint of an earlier backup; absent: all that holds data */
} nc_backup_extents_request;
extern const nc_msg nc_backup_extents_request_msg;

typedef struct nc_extent {
	int64_t offset; /* bytes */
	int64_t length; /* bytes */
	bool zero; /* reads as zeros; nothing to fetch */
} nc_extent;
extern const nc_msg nc_extent_msg;

/* backup.extents.result: Some extents, ascending, one write. */
typedef struct nc_backup_extents_result {
	const char *disk; /* id of the disk */
	const struct nc_extent *extents;
	size_t n_extents;
} nc_backup_extents_result;
extern const nc_msg nc_backup_extents_result_msg;

/* catalog.images.request: List the images that guests can start from. */
typedef struct nc_catalog_images_request {
	char nothing;
} nc_catalog_images_request;
extern const nc_msg nc_catalog_images_request_msg;

typedef struct nc_os {
	int32_t family; /* NC_OS_FAMILY_* */
	const char *distro;
	const char *version;
} nc_os;
extern const nc_msg nc_os_msg;

/* catalog.images.result: One image, one write. */
typedef struct nc_catalog_images_result {
	const char *name; /* as the image of a disk names it */
	struct nc_os os;
	const char *arch;
	int64_t size_bytes;
	int64_t min_disk_gib;
	const int32_t *firmware; /* that it boots with */
	size_t n_firmware;
} nc_catalog_images_result;
extern const nc_msg nc_catalog_images_result_msg;

/* catalog.prices.request: List prices; all that are given must match. */
typedef struct nc_catalog_prices_request {
	const char *zone;
	const char *type;
} nc_catalog_prices_request;
extern const nc_msg nc_catalog_prices_request_msg;

/* catalog.prices.result: One price, one write. */
typedef struct nc_catalog_prices_result {
	int32_t item; /* NC_PRICE_ITEM_* */
	const char *type; /* the instance type; empty with other items */
	const char *zone; /* empty: all */
	int32_t market; /* NC_PRICE_MARKET_* */
	const char *currency; /* ISO 4217 */
	int32_t unit; /* NC_PRICE_UNIT_* */
	int64_t price_micros; /* millionths of the currency, so that sums are exact */
	int64_t as_of_ms; /* milliseconds since 1970, UTC */
} nc_catalog_prices_result;
extern const nc_msg nc_catalog_prices_result_msg;

/* catalog.types.request: List the instance types on sale. */
typedef struct nc_catalog_types_request {
	const char *zone; /* only those sold there */
} nc_catalog_types_request;
extern const nc_msg nc_catalog_types_request_msg;

/* catalog.types.result: One instance type, one write. */
typedef struct nc_catalog_types_result {
	const char *name;
	int64_t vcpus;
	int64_t memory_mib;
	int64_t storage_gib; /* that comes with it; 0: none */
	const char *const *traits;
	size_t n_traits;
	const char *const *zones; /* empty: all */
	size_t n_zones;
} nc_catalog_types_result;
extern const nc_msg nc_catalog_types_result_msg;

typedef struct nc_disk {
	const char *id; /* id of the disk, unique within the guest */
	int64_t size_gib; /* of the disk; at least that of the image */
	const char *image; /* the disk starts as a copy of this catalog image */
	const char *volume; /* native id of an existing volume, which outlives the guest */
	const char *pool; /* where the disk lies; absent: the host's default */
} nc_disk;
extern const nc_msg nc_disk_msg;

typedef struct nc_nic {
	const char *id; /* id of the nic, unique within the guest */
	const char *mac; /* aa:bb:cc:dd:ee:ff, chosen by the kernel */
	const char *network; /* native name of the network */
	const char *address; /* the fixed address asked for; absent: any */
} nc_nic;
extern const nc_msg nc_nic_msg;

typedef struct nc_metadata_entry {
	const char *key;
	const char *value;
} nc_metadata_entry;
extern const nc_msg nc_metadata_entry_msg;

/* compute.create.request: Make a guest on the target host. */
typedef struct nc_compute_create_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *name; /* unique per project, not per provider */
	const char *project; /* id of the project */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	/* 1 for the first guest of the object, one more for each rebuilt elsewhere */
	int64_t incarnation;
	int64_t vcpus;
	int64_t memory_mib;
	const struct nc_disk *disks; /* in boot order */
	size_t n_disks;
	const struct nc_nic *nics;
	size_t n_nics;
	const char *image; /* what the first disk starts as, when no disk names one */
	const char *user_data; /* secret handle; open it through nc.secrets */
	int32_t firmware; /* NC_FIRMWARE_*: absent: the driver chooses */
	const struct nc_metadata_entry *metadata; /* labels the provider keeps with the guest */
	size_t n_metadata;
	bool start; /* false: define it and leave it stopped */
} nc_compute_create_request;
extern const nc_msg nc_compute_create_request_msg;

typedef struct nc_address {
	const char *nic; /* id of the nic */
	const char *ip;
	int32_t source; /* NC_ADDRESS_SOURCE_*: how it is known */
} nc_address;
extern const nc_msg nc_address_msg;

/* compute.create.result: The guest that is there now. */
typedef struct nc_compute_create_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	int32_t power; /* NC_POWER_*: what the hypervisor says */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	const struct nc_address *addresses;
	size_t n_addresses;
	/* what only this provider has; shown as provider_data, never interpreted */
	nc_bytes provider_data;
} nc_compute_create_result;
extern const nc_msg nc_compute_create_result_msg;

/* compute.destroy.request: Remove a guest and the disks made with it; attached volumes stay. */
typedef struct nc_compute_destroy_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* absent when the answer of create was lost: look by uuid and tag */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *const *keep_disks; /* ids of disks made with the guest that stay as volumes */
	size_t n_keep_disks;
} nc_compute_destroy_request;
extern const nc_msg nc_compute_destroy_request_msg;

/* compute.destroy.result: What is gone and what is left. */
typedef struct nc_compute_destroy_result {
	bool changed; /* false: the goal already held */
	/* native ids of volumes that the guest had and that are still there */
	const char *const *kept_volumes;
	size_t n_kept_volumes;
} nc_compute_destroy_result;
extern const nc_msg nc_compute_destroy_result_msg;

/* compute.fingerprint.request: Describe the target host, or all hosts when the target is empty. */
typedef struct nc_compute_fingerprint_request {
	char nothing;
} nc_compute_fingerprint_request;
extern const nc_msg nc_compute_fingerprint_request_msg;

/* compute.guest: A guest as it is: one write of inventory, and what nc.report carries. */
typedef struct nc_compute_guest {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	const char *uuid; /* empty when the provider has none */
	const char *name;
	const char *host; /* name of the host it is on */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	bool has_tag;
	int32_t power; /* NC_POWER_*: what the hypervisor says */
	int64_t vcpus;
	int64_t memory_mib;
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	bool owned; /* it carries a tag; whose, the kernel decides */
	const struct nc_address *addresses;
	size_t n_addresses;
} nc_compute_guest;
extern const nc_msg nc_compute_guest_msg;

typedef struct nc_host_used {
	int64_t vcpus; /* of all guests there, ours or not */
	int64_t memory_mib;
	int64_t storage_gib;
	int64_t guests;
} nc_host_used;
extern const nc_msg nc_host_used_msg;

typedef struct nc_hypervisor {
	const char *name;
	const char *version;
} nc_hypervisor;
extern const nc_msg nc_hypervisor_msg;

/* compute.host: A host as it is: one write of fingerprint, and what nc.report carries. */
typedef struct nc_compute_host {
	const char *name; /* the target of verbs on this host */
	int32_t state; /* NC_HOST_STATE_* */
	int64_t vcpus; /* physical threads */
	int64_t memory_mib;
	int64_t storage_gib; /* all pools of its own together */
	struct nc_host_used used;
	const char *cpu_model;
	const char *const *traits; /* as hw.cpu.avx2, storage.ssd */
	size_t n_traits;
	const char *zone; /* empty: no zone */
	const char *const *networks; /* networks a guest here can reach */
	size_t n_networks;
	const char *const *pools; /* storage pools a guest here can use */
	size_t n_pools;
	struct nc_hypervisor hypervisor;
} nc_compute_host;
extern const nc_msg nc_compute_host_msg;

/* compute.inventory.request: List the guests of the target host, or of all hosts when the target is empty. */
typedef struct nc_compute_inventory_request {
	const char *const *native_ids; /* only these; absent: every guest that is there */
	size_t n_native_ids;
} nc_compute_inventory_request;
extern const nc_msg nc_compute_inventory_request_msg;

/* compute.power.request: Change the power state of a guest. */
typedef struct nc_compute_power_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	/* NC_POWER_ACTION_*: restart is graceful, reset is hard; suspend writes memory to disk, wake reads it back */
	int32_t action;
	/* NC_POWER_MODE_*: of stop and restart; absent: graceful, then force after timeout_s */
	int32_t mode;
	int64_t timeout_s; /* how long to wait for the guest before force */
	bool has_timeout_s;
} nc_compute_power_request;
extern const nc_msg nc_compute_power_request_msg;

/* compute.power.result: The power state reached. */
typedef struct nc_compute_power_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	bool forced; /* the guest did not answer and was cut off */
	bool has_forced;
	int32_t power; /* NC_POWER_*: what the hypervisor says */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
} nc_compute_power_result;
extern const nc_msg nc_compute_power_result_msg;

/* compute.recover.request: What became of an earlier call; also of nc.volume and nc.network. */
typedef struct nc_compute_recover_request {
	const char *key; /* op_key of the earlier call */
	const char *verb; /* its verb: compute.create, migrate.start, volume.create … */
	nc_bytes request; /* as the earlier call had it */
	const char *checkpoint; /* the last token of op_checkpoint, base64 */
} nc_compute_recover_request;
extern const nc_msg nc_compute_recover_request_msg;

/* compute.update.request: Change a guest in place; absent fields stay as they are. */
typedef struct nc_compute_update_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *name; /* unique per project, not per provider */
	int64_t vcpus;
	bool has_vcpus;
	int64_t memory_mib;
	bool has_memory_mib;
	const struct nc_metadata_entry *metadata; /* replaces all labels */
	size_t n_metadata;
} nc_compute_update_request;
extern const nc_msg nc_compute_update_request_msg;

/* compute.update.result: What holds now and what waits for the next start. */
typedef struct nc_compute_update_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	int32_t power; /* NC_POWER_*: what the hypervisor says */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	const char *const *pending; /* fields that take effect at the next start */
	size_t n_pending;
} nc_compute_update_result;
extern const nc_msg nc_compute_update_result_msg;

/* console.log.request: Read what the guest wrote to its serial console. */
typedef struct nc_console_log_request {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	int64_t offset; /* where to begin; bytes since the guest was made */
	bool has_offset;
	int64_t max_bytes; /* absent: all there is, up to what the sink takes */
	bool has_max_bytes;
} nc_console_log_request;
extern const nc_msg nc_console_log_request_msg;

/* console.log.result: A piece of the log, one write; no write: nothing past the offset. */
typedef struct nc_console_log_result {
	int64_t offset; /* of the first byte; larger than asked when older bytes are gone */
	const char *data; /* base64 */
} nc_console_log_result;
extern const nc_msg nc_console_log_result_msg;

/* console.screenshot.request: Read the screen of a guest. */
typedef struct nc_console_screenshot_request {
	const char *native_id; /* what the provider calls the guest, as create answered it */
} nc_console_screenshot_request;
extern const nc_msg nc_console_screenshot_request_msg;

/* console.screenshot.result: A piece of the picture, one write, in order. */
typedef struct nc_console_screenshot_result {
	int32_t format; /* NC_SCREEN_FORMAT_* */
	int64_t width;
	int64_t height;
	int64_t total_bytes; /* of the whole picture */
	int64_t offset; /* of this piece */
	const char *data; /* base64 */
} nc_console_screenshot_result;
extern const nc_msg nc_console_screenshot_result_msg;

/* console.sendkey.request: Press keys together and release them. */
typedef struct nc_console_sendkey_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *const *keys;
	size_t n_keys;
	int64_t hold_ms; /* absent: the driver chooses */
	bool has_hold_ms;
} nc_console_sendkey_request;
extern const nc_msg nc_console_sendkey_request_msg;

/* console.sendkey.result: Sent; whether the guest heard it is not known. */
typedef struct nc_console_sendkey_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
} nc_console_sendkey_result;
extern const nc_msg nc_console_sendkey_result_msg;

/* disk.attach.request: Give a guest a disk, new or from a volume. */
typedef struct nc_disk_attach_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	struct nc_disk disk;
} nc_disk_attach_request;
extern const nc_msg nc_disk_attach_request_msg;

/* disk.attach.result: The disk as the guest sees it. */
typedef struct nc_disk_attach_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	const char *disk; /* id of the disk */
	const char *device; /* as the guest is likely to call it */
	bool hot; /* it holds in the running guest now; false: from the next start */
} nc_disk_attach_result;
extern const nc_msg nc_disk_attach_result_msg;

/* disk.detach.request: Take a disk away from a guest. */
typedef struct nc_disk_detach_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *disk; /* id of the disk */
	bool delete_; /* false: its data stays as a volume */
} nc_disk_detach_request;
extern const nc_msg nc_disk_detach_request_msg;

/* disk.detach.result: What is left of the disk. */
typedef struct nc_disk_detach_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	const char *volume; /* native id of the volume that holds the data; empty: deleted */
	bool hot; /* it holds in the running guest now; false: from the next start */
} nc_disk_detach_result;
extern const nc_msg nc_disk_detach_result_msg;

/* disk.resize.request: Grow a disk of a guest. */
typedef struct nc_disk_resize_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *disk; /* id of the disk */
	int64_t size_gib; /* not less than now */
} nc_disk_resize_request;
extern const nc_msg nc_disk_resize_request_msg;

/* disk.resize.result: The size now. */
typedef struct nc_disk_resize_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	int64_t size_gib;
	bool hot; /* it holds in the running guest now; false: from the next start */
} nc_disk_resize_result;
extern const nc_msg nc_disk_resize_result_msg;

/* migrate.start.request: Move a guest from the target host to another. */
typedef struct nc_migrate_start_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *destination; /* name of the host to move to */
	int32_t mode; /* NC_MIGRATE_MODE_*: live never falls back to cold */
	int32_t storage; /* NC_MIGRATE_STORAGE_*: copy: disks of the source host go along */
	bool post_copy; /* let the guest run at the destination before all memory is there */
	bool has_post_copy;
	int64_t bandwidth_mib_s; /* absent: no limit */
	bool has_bandwidth_mib_s;
	int64_t max_downtime_ms; /* absent: the driver chooses */
	bool has_max_downtime_ms;
} nc_migrate_start_request;
extern const nc_msg nc_migrate_start_request_msg;

/* migrate.start.result: Where the guest is now. */
typedef struct nc_migrate_start_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	const char *host;
	bool changed; /* false: the goal already held */
	int32_t power; /* NC_POWER_*: what the hypervisor says */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	int64_t copied_bytes;
	bool has_copied_bytes;
	int64_t downtime_ms; /* 0 when it was not running */
	bool has_downtime_ms;
} nc_migrate_start_result;
extern const nc_msg nc_migrate_start_result_msg;

/* network.create.request: Make a network. */
typedef struct nc_network_create_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *name; /* unique per project, not per provider */
	const char *project; /* id of the project */
	int32_t kind; /* NC_NETWORK_KIND_*: how it meets the outside */
	const char *cidr; /* 10.0.0.0/24, fd00::/64; absent with bridged */
	const char *gateway; /* absent: the first address */
	bool dhcp; /* absent: true unless bridged */
	bool has_dhcp;
	int64_t vlan;
	bool has_vlan;
	const char *physical; /* physical network of the hosts, with bridged */
	int64_t mtu;
	bool has_mtu;
	const struct nc_metadata_entry *metadata; /* labels the provider keeps with the guest */
	size_t n_metadata;
} nc_network_create_request;
extern const nc_msg nc_network_create_request_msg;

/* network.create.result: The network that is there now. */
typedef struct nc_network_create_result {
	const char *native_id; /* what the provider calls the network */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	/* what only this provider has; shown as provider_data, never interpreted */
	nc_bytes provider_data;
} nc_network_create_result;
extern const nc_msg nc_network_create_result_msg;

/* network.inventory.request: List the networks. */
typedef struct nc_network_inventory_request {
	char nothing;
} nc_network_inventory_request;
extern const nc_msg nc_network_inventory_request_msg;

/* network.inventory.result: One network, one write. */
typedef struct nc_network_inventory_result {
	const char *native_id; /* what the provider calls the network */
	const char *uuid; /* empty when the provider has none */
	const char *name;
	int32_t kind; /* NC_NETWORK_KIND_* */
	const char *cidr; /* empty: none */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	bool has_tag;
	bool owned; /* it carries a tag; whose, the kernel decides */
	int64_t ports; /* plugged or not */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
} nc_network_inventory_result;
extern const nc_msg nc_network_inventory_result_msg;

/* network.port_create.request: Make a port, which outlives the guest plugged into it. */
typedef struct nc_network_port_create_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *network; /* what the provider calls the network */
	const char *mac; /* aa:bb:cc:dd:ee:ff, chosen by the kernel */
	const char *address; /* the fixed address asked for; absent: any */
} nc_network_port_create_request;
extern const nc_msg nc_network_port_create_request_msg;

typedef struct nc_network_port_create_result_address {
	const char *ip;
	int32_t source; /* NC_ADDRESS_SOURCE_* */
} nc_network_port_create_result_address;
extern const nc_msg nc_network_port_create_result_address_msg;

/* network.port_create.result: The port that is there now. */
typedef struct nc_network_port_create_result {
	const char *native_id; /* what the provider calls the port */
	const struct nc_network_port_create_result_address *addresses;
	size_t n_addresses;
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
} nc_network_port_create_result;
extern const nc_msg nc_network_port_create_result_msg;

/* network.port_remove.request: Remove a port; one in use is refused. */
typedef struct nc_network_port_remove_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	/* absent when the answer of port_create was lost: look by uuid and tag */
	const char *native_id;
} nc_network_port_remove_request;
extern const nc_msg nc_network_port_remove_request_msg;

/* network.port_remove.result: Gone. */
typedef struct nc_network_port_remove_result {
	bool changed; /* false: the goal already held */
} nc_network_port_remove_result;
extern const nc_msg nc_network_port_remove_result_msg;

/* network.remove.request: Remove a network; one with ports is refused. */
typedef struct nc_network_remove_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *native_id; /* absent when the answer of create was lost: look by uuid and tag */
} nc_network_remove_request;
extern const nc_msg nc_network_remove_request_msg;

/* network.remove.result: Gone. */
typedef struct nc_network_remove_result {
	bool changed; /* false: the goal already held */
} nc_network_remove_result;
extern const nc_msg nc_network_remove_result_msg;

/* nic.attach.request: Plug a guest into a network. */
typedef struct nc_nic_attach_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	struct nc_nic nic;
} nc_nic_attach_request;
extern const nc_msg nc_nic_attach_request_msg;

/* nic.attach.result: The nic as it is. */
typedef struct nc_nic_attach_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	const char *nic; /* id of the nic */
	const struct nc_address *addresses;
	size_t n_addresses;
	bool hot; /* it holds in the running guest now; false: from the next start */
} nc_nic_attach_result;
extern const nc_msg nc_nic_attach_result_msg;

/* nic.detach.request: Unplug a nic. */
typedef struct nc_nic_detach_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *nic; /* id of the nic */
} nc_nic_detach_request;
extern const nc_msg nc_nic_detach_request_msg;

/* nic.detach.result: Done. */
typedef struct nc_nic_detach_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	bool hot; /* it holds in the running guest now; false: from the next start */
} nc_nic_detach_result;
extern const nc_msg nc_nic_detach_result_msg;

/* nic.update.request: Move a nic to another network, set its link or its address; absent fields stay. */
typedef struct nc_nic_update_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *nic; /* id of the nic */
	const char *network; /* native name of the network */
	int32_t link; /* NC_LINK_STATE_* */
	const char *address; /* the fixed address asked for */
} nc_nic_update_request;
extern const nc_msg nc_nic_update_request_msg;

/* nic.update.result: The nic as it is. */
typedef struct nc_nic_update_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	const struct nc_address *addresses;
	size_t n_addresses;
	bool hot; /* it holds in the running guest now; false: from the next start */
} nc_nic_update_result;
extern const nc_msg nc_nic_update_result_msg;

/* plugin.health.result: What health writes: one object. */
typedef struct nc_plugin_health_result {
	int32_t status; /* NC_HEALTH_STATUS_* */
	const char *message; /* one line, for an operator */
	nc_bytes details; /* figures of the plugin's own */
} nc_plugin_health_result;
extern const nc_msg nc_plugin_health_result_msg;

/* snapshot.create.request: Keep the state of a guest. */
typedef struct nc_snapshot_create_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *snapshot_id; /* id of the snapshot object */
	const char *name; /* unique per project, not per provider */
	bool memory; /* with RAM; needs a running or paused guest */
	bool quiesce; /* freeze file systems through the guest agent */
	bool has_quiesce;
	const char *description;
} nc_snapshot_create_request;
extern const nc_msg nc_snapshot_create_request_msg;

/* snapshot.create.result: The snapshot made. */
typedef struct nc_snapshot_create_result {
	const char *snapshot; /* what the provider calls the snapshot */
	const char *parent; /* empty: it is a root */
	int64_t created_at_ms; /* milliseconds since 1970, UTC */
	int64_t size_bytes;
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
} nc_snapshot_create_result;
extern const nc_msg nc_snapshot_create_result_msg;

/* snapshot.list.request: List the snapshots of a guest. */
typedef struct nc_snapshot_list_request {
	const char *native_id; /* what the provider calls the guest, as create answered it */
} nc_snapshot_list_request;
extern const nc_msg nc_snapshot_list_request_msg;

/* snapshot.list.result: One snapshot, one write; parents before children. */
typedef struct nc_snapshot_list_result {
	const char *snapshot; /* what the provider calls the snapshot */
	const char *snapshot_id; /* id of the object, empty when it is not ours */
	const char *name;
	const char *parent; /* empty: it is a root */
	bool current; /* the guest runs on top of it */
	bool memory; /* with RAM */
	int64_t created_at_ms; /* milliseconds since 1970, UTC */
	int64_t size_bytes;
} nc_snapshot_list_result;
extern const nc_msg nc_snapshot_list_result_msg;

/* snapshot.remove.request: Forget a snapshot; the guest stays as it is. */
typedef struct nc_snapshot_remove_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *snapshot; /* what the provider calls the snapshot */
	int32_t children; /* NC_SNAPSHOT_CHILDREN_*: keep: they move to the parent */
} nc_snapshot_remove_request;
extern const nc_msg nc_snapshot_remove_request_msg;

/* snapshot.remove.result: What is gone. */
typedef struct nc_snapshot_remove_result {
	bool changed; /* false: the goal already held */
	const char *const *removed;
	size_t n_removed;
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
} nc_snapshot_remove_result;
extern const nc_msg nc_snapshot_remove_result_msg;

/* snapshot.revert.request: Take a guest back to a snapshot; what came after is lost unless it has a snapshot of its own. */
typedef struct nc_snapshot_revert_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	const char *native_id; /* what the provider calls the guest, as create answered it */
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *snapshot; /* what the provider calls the snapshot */
	bool start; /* of a snapshot without RAM: start the guest afterwards */
	bool has_start;
} nc_snapshot_revert_request;
extern const nc_msg nc_snapshot_revert_request_msg;

/* snapshot.revert.result: The guest as it is now. */
typedef struct nc_snapshot_revert_result {
	const char *native_id; /* what the provider calls the guest, as create answered it */
	bool changed; /* false: the goal already held */
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	int32_t power; /* NC_POWER_*: what the hypervisor says */
} nc_snapshot_revert_result;
extern const nc_msg nc_snapshot_revert_result_msg;

/* stream.open.request: The spec of nc.stream: what the socket carries. */
typedef struct nc_stream_open_request {
	int32_t kind; /* NC_STREAM_KIND_*: bytes: a test of the path, no guest */
	const char *native_id; /* the guest; absent with kind bytes */
	const char *backup; /* what the driver calls this backup */
	const char *disk; /* id of the disk */
	int64_t offset; /* of kind backup, bytes */
	bool has_offset;
	int64_t length; /* of kind backup, bytes */
	bool has_length;
	/* of kind bytes: how many to send; with direction receive, how many at most */
	int64_t size;
	bool has_size;
	/* NC_STREAM_PATTERN_*: of kind bytes: count is the offset modulo 251 in each byte, random is seeded and repeatable */
	int32_t pattern;
	/* NC_STREAM_DIRECTION_*: of kind bytes, seen from the plugin; absent: send */
	int32_t direction;
} nc_stream_open_request;
extern const nc_msg nc_stream_open_request_msg;

/* stream.open.result: What went through. */
typedef struct nc_stream_open_result {
	int64_t bytes; /* in the direction that counts: both ways added for a console */
	/* of the bytes the plugin sent, or received when it only receives; 8 hex digits */
	const char *crc32c;
} nc_stream_open_result;
extern const nc_msg nc_stream_open_result_msg;

/* volume.create.request: Make a volume in the target pool. */
typedef struct nc_volume_create_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *name; /* unique per project, not per provider */
	const char *project; /* id of the project */
	int64_t size_gib;
	const char *image; /* start as a copy of this catalog image */
	const char *snapshot; /* start as a copy of this snapshot */
	const struct nc_metadata_entry *metadata; /* labels the provider keeps with the guest */
	size_t n_metadata;
} nc_volume_create_request;
extern const nc_msg nc_volume_create_request_msg;

/* volume.create.result: The volume that is there now. */
typedef struct nc_volume_create_result {
	const char *native_id; /* what the provider calls the volume or snapshot */
	int64_t size_gib;
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	/* what only this provider has; shown as provider_data, never interpreted */
	nc_bytes provider_data;
} nc_volume_create_result;
extern const nc_msg nc_volume_create_result_msg;

/* volume.inventory.request: List the volumes and snapshots of the target pool, or of all pools when the target is empty. */
typedef struct nc_volume_inventory_request {
	char nothing;
} nc_volume_inventory_request;
extern const nc_msg nc_volume_inventory_request_msg;

/* volume.inventory.result: One volume or snapshot, one write. */
typedef struct nc_volume_inventory_result {
	const char *native_id; /* what the provider calls the volume or snapshot */
	const char *uuid; /* empty when the provider has none */
	const char *name;
	const char *pool;
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	bool has_tag;
	int64_t size_gib;
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
	bool owned; /* it carries a tag; whose, the kernel decides */
	const char *attached_to; /* native id of the guest; empty: none */
	const char *snapshot_of; /* native id of the volume; empty: it is a volume */
} nc_volume_inventory_result;
extern const nc_msg nc_volume_inventory_result_msg;

/* volume.pools.request: Describe the target pool, or all pools when the target is empty. */
typedef struct nc_volume_pools_request {
	char nothing;
} nc_volume_pools_request;
extern const nc_msg nc_volume_pools_request_msg;

/* volume.pools.result: One pool, one write. */
typedef struct nc_volume_pools_result {
	const char *name; /* the target of verbs on this pool */
	int64_t total_bytes;
	int64_t free_bytes;
	const char *const *traits;
	size_t n_traits;
	const char *zone;
	const char *const *hosts; /* that reach it; empty: all of its zone */
	size_t n_hosts;
} nc_volume_pools_result;
extern const nc_msg nc_volume_pools_result_msg;

/* volume.remove.request: Remove a volume or a snapshot; one in use is refused. */
typedef struct nc_volume_remove_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *native_id; /* absent when the answer of create was lost: look by uuid and tag */
} nc_volume_remove_request;
extern const nc_msg nc_volume_remove_request_msg;

/* volume.remove.result: Gone. */
typedef struct nc_volume_remove_result {
	bool changed; /* false: the goal already held */
} nc_volume_remove_result;
extern const nc_msg nc_volume_remove_result_msg;

/* volume.resize.request: Grow a volume. */
typedef struct nc_volume_resize_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *native_id; /* what the provider calls the volume or snapshot */
	int64_t size_gib; /* not less than now */
} nc_volume_resize_request;
extern const nc_msg nc_volume_resize_request_msg;

/* volume.resize.result: The size now. */
typedef struct nc_volume_resize_result {
	const char *native_id; /* what the provider calls the volume or snapshot */
	bool changed; /* false: the goal already held */
	int64_t size_gib;
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
} nc_volume_resize_result;
extern const nc_msg nc_volume_resize_result_msg;

/* volume.snapshot.request: Keep the state of a volume; id, uuid and tag are the snapshot's. */
typedef struct nc_volume_snapshot_request {
	const char *id; /* the object's id in NovaCron */
	/* native identity chosen by the kernel, from the id and the incarnation; lower-case, 36 characters */
	const char *uuid;
	/* ownership: written to the provider with what is made; look it up before making again */
	struct nc_tag tag;
	const char *volume; /* what the provider calls the volume or snapshot */
	const char *name; /* unique per project, not per provider */
} nc_volume_snapshot_request;
extern const nc_msg nc_volume_snapshot_request_msg;

/* volume.snapshot.result: The snapshot that is there now. */
typedef struct nc_volume_snapshot_result {
	const char *native_id; /* what the provider calls the volume or snapshot */
	int64_t size_gib;
	/* moves with each change of the guest that the driver sees; the kernel drops lower ones */
	int64_t obs_seq;
} nc_volume_snapshot_result;
extern const nc_msg nc_volume_snapshot_result_msg;

#ifdef __cplusplus
}
#endif
/* clang-format on */
#endif
