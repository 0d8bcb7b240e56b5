/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables: which slot of which extension is served by what. All const; nothing here runs before
 * create.
 */
#include <string.h>

#include "dump.h"
#include "inst.h"
#include "novacron/catalog.h"
#include "novacron/companions.h"
#include "novacron/compute.h"
#include "novacron/network.h"
#include "novacron/state.h"
#include "novacron/stream.h"
#include "novacron/volume.h"
#include "query.h"
#include "stream.h"
#include "verb.h"

/* A slot is a verb of a list, by its place in it. */
#define VERB(slot, list, at)                                                                       \
	static nc_code slot(nc_inst *inst, nc_op op, nc_bytes target, nc_bytes req, nc_error *err) \
	{                                                                                          \
		return sim_submit(inst, &list[at], op, target, req, err);                          \
	}

VERB(compute_create, sim_verbs_guest, 0)
VERB(compute_update, sim_verbs_guest, 1)
VERB(compute_destroy, sim_verbs_guest, 2)
VERB(compute_power, sim_verbs_power, 0)
VERB(migrate_start, sim_verbs_migrate, 0)
VERB(snapshot_create, sim_verbs_snapshot, 0)
VERB(snapshot_revert, sim_verbs_snapshot, 1)
VERB(snapshot_remove, sim_verbs_snapshot, 2)
VERB(disk_attach, sim_verbs_disk, 0)
VERB(disk_detach, sim_verbs_disk, 1)
VERB(disk_resize, sim_verbs_disk, 2)
VERB(nic_attach, sim_verbs_nic, 0)
VERB(nic_detach, sim_verbs_nic, 1)
VERB(nic_update, sim_verbs_nic, 2)
VERB(console_sendkey, sim_verbs_console, 0)
VERB(backup_begin, sim_verbs_backup, 0)
VERB(backup_end, sim_verbs_backup, 1)
VERB(volume_create, sim_verbs_volume, 0)
VERB(volume_resize, sim_verbs_volume, 1)
VERB(volume_snapshot, sim_verbs_volume, 2)
VERB(volume_remove, sim_verbs_volume, 3)
VERB(network_create, sim_verbs_network, 0)
VERB(network_remove, sim_verbs_network, 1)
VERB(network_port_create, sim_verbs_network, 2)
VERB(network_port_remove, sim_verbs_network, 3)

static const nc_compute compute = {
	.struct_size = sizeof(compute),
	.inventory = sim_inventory,
	.fingerprint = sim_fingerprint,
	.create = compute_create,
	.update = compute_update,
	.power = compute_power,
	.destroy = compute_destroy,
	.recover = sim_recover,
};
static const nc_compute_migrate migrate = { .struct_size = sizeof(migrate),
	.start = migrate_start };
static const nc_compute_snapshot snapshot = { .struct_size = sizeof(snapshot),
	.create = snapshot_create,
	.revert = snapshot_revert,
	.remove = snapshot_remove,
	.list = sim_snapshot_list };
static const nc_compute_disk disk = { .struct_size = sizeof(disk),
	.attach = disk_attach,
	.detach = disk_detach,
	.resize = disk_resize };
static const nc_compute_nic nic = {
	.struct_size = sizeof(nic), .attach = nic_attach, .detach = nic_detach, .update = nic_update
};
static const nc_compute_console console = { .struct_size = sizeof(console),
	.log = sim_console_log,
	.screenshot = sim_console_screenshot,
	.sendkey = console_sendkey };
static const nc_compute_stats stats = { .struct_size = sizeof(stats), .sample = sim_stats_sample };
static const nc_compute_backup backup = { .struct_size = sizeof(backup),
	.begin = backup_begin,
	.end = backup_end,
	.extents = sim_backup_extents };
static const nc_volume volume = { .struct_size = sizeof(volume),
	.inventory = sim_volume_inventory,
	.pools = sim_volume_pools,
	.create = volume_create,
	.resize = volume_resize,
	.snapshot = volume_snapshot,
	.remove = volume_remove,
	.recover = sim_recover };
static const nc_network network = { .struct_size = sizeof(network),
	.inventory = sim_network_inventory,
	.create = network_create,
	.remove = network_remove,
	.port_create = network_port_create,
	.port_remove = network_port_remove,
	.recover = sim_recover };
static const nc_catalog catalog = { .struct_size = sizeof(catalog),
	.types = sim_catalog_types,
	.images = sim_catalog_images,
	.prices = sim_catalog_prices };
static const nc_stream stream = { .struct_size = sizeof(stream), .open = sim_stream_open };
static const nc_state state = {
	.struct_size = sizeof(state), .save = sim_state_save, .load = sim_state_load
};

static const void *get_extension(nc_inst *inst, const char *id)
{
	static const struct {
		const char *id;
		const void *table;
	} served[] = {
		{ NC_EXT_COMPUTE, &compute },
		{ NC_EXT_MIGRATE, &migrate },
		{ NC_EXT_SNAPSHOT, &snapshot },
		{ NC_EXT_DISK, &disk },
		{ NC_EXT_NIC, &nic },
		{ NC_EXT_CONSOLE, &console },
		{ NC_EXT_STATS, &stats },
		{ NC_EXT_BACKUP, &backup },
		{ NC_EXT_VOLUME, &volume },
		{ NC_EXT_NETWORK, &network },
		{ NC_EXT_CATALOG, &catalog },
		{ NC_EXT_STREAM, &stream },
		{ NC_EXT_STATE, &state },
	};

	(void)inst;
	for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++)
		if (strcmp(served[i].id, id) == 0)
			return served[i].table;
	return NULL;
}

const nc_plugin sim_plugin = {
	.struct_size = sizeof(sim_plugin),
	.create = sim_create,
	.reconfigure = sim_reconfigure,
	.health = sim_health,
	.drain = sim_drain,
	.op_stop = sim_op_stop,
	.destroy = sim_destroy,
	.get_extension = get_extension,
};
