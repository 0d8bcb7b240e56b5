/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs as the kit tries them: what is asked, and how one sees that it was done. One row a
 * verb; a verb that is not here is not exercised.
 */
#include <string.h>

#include "novacron/catalog.h"
#include "novacron/companions.h"
#include "novacron/compute.h"
#include "novacron/network.h"
#include "novacron/volume.h"
#include "stage.h"

static nc_tag tag_for(const char *object)
{
	return (nc_tag){ "inst_kit", object, "op_kit", 1 };
}

/* Most requests name the guest alike. */
#define GUEST_OF(s)                                                                                \
	.id = (s)->id, .uuid = (s)->uuid, .native_id = (s)->native_id, .tag = tag_for((s)->id)
#define WRITE(type, ...)                                                                           \
	type##_request req = { __VA_ARGS__ };                                                      \
	return nc_msg_write(&type##_request_msg, &req, out, NULL)
#define REQUEST(name) static nc_code name(const kit_stage *s, nc_plug_buf *out)

REQUEST(nothing)
{
	(void)s;
	nc_plug_buf_puts(out, "{}");
	return NC_OK;
}

REQUEST(compute_create)
{
	const char *image = kit_folder_setting(s->h->folder, "image");
	const nc_disk disk = { .id = "disk0", .size_gib = 1, .image = image };
	const nc_nic nic = { .id = "nic0", .mac = "52:54:00:00:00:01", .network = s->network };
	bool takes_data = kit_folder_lists(s->h->folder, "features", "compute.user_data");

	WRITE(nc_compute_create, .id = s->id, .uuid = s->uuid, .name = "kit",
		.project = "project_kit", .tag = tag_for(s->id), .incarnation = 1, .vcpus = 1,
		.memory_mib = 256, .disks = &disk, .n_disks = 1, .nics = &nic,
		.n_nics = *s->network ? 1 : 0, .user_data = takes_data ? "canary/user_data" : NULL,
		.start = true);
}

REQUEST(compute_update)
{
	WRITE(nc_compute_update, GUEST_OF(s), .name = "renamed");
}

REQUEST(compute_power)
{
	WRITE(nc_compute_power, GUEST_OF(s), .action = NC_POWER_ACTION_STOP,
		.mode = NC_POWER_MODE_FORCE);
}

REQUEST(compute_destroy)
{
	WRITE(nc_compute_destroy, GUEST_OF(s));
}

REQUEST(compute_inventory)
{
	const char *ids[] = { s->native_id };

	WRITE(nc_compute_inventory, .native_ids = ids, .n_native_ids = 1);
}

REQUEST(migrate_start)
{
	WRITE(nc_migrate_start, GUEST_OF(s), .destination = s->host2, .mode = NC_MIGRATE_MODE_LIVE,
		.storage = NC_MIGRATE_STORAGE_COPY);
}

REQUEST(snapshot_create)
{
	WRITE(nc_snapshot_create, GUEST_OF(s), .snapshot_id = s->made_id, .name = "kit",
		.memory = false);
}

REQUEST(snapshot_revert)
{
	WRITE(nc_snapshot_revert, GUEST_OF(s), .snapshot = s->snapshot);
}

REQUEST(snapshot_remove)
{
	WRITE(nc_snapshot_remove, GUEST_OF(s), .snapshot = s->snapshot,
		.children = NC_SNAPSHOT_CHILDREN_KEEP);
}

REQUEST(snapshot_list)
{
	WRITE(nc_snapshot_list, .native_id = s->native_id);
}

REQUEST(disk_attach)
{
	WRITE(nc_disk_attach, GUEST_OF(s), .disk = { .id = "disk9", .size_gib = 1 });
}

REQUEST(disk_detach)
{
	WRITE(nc_disk_detach, GUEST_OF(s), .disk = "disk9", .delete_ = true);
}

REQUEST(disk_resize)
{
	WRITE(nc_disk_resize, GUEST_OF(s), .disk = "disk0", .size_gib = 2);
}

REQUEST(nic_attach)
{
	WRITE(nc_nic_attach, GUEST_OF(s),
		.nic = { .id = "nic9", .mac = "52:54:00:00:00:09", .network = s->network });
}

REQUEST(nic_detach)
{
	WRITE(nc_nic_detach, GUEST_OF(s), .nic = "nic9");
}

REQUEST(nic_update)
{
	WRITE(nc_nic_update, GUEST_OF(s), .nic = "nic9", .link = NC_LINK_STATE_DOWN);
}

REQUEST(console_log)
{
	WRITE(nc_console_log, .native_id = s->native_id);
}

REQUEST(console_screenshot)
{
	WRITE(nc_console_screenshot, .native_id = s->native_id);
}

REQUEST(console_sendkey)
{
	static const char *const keys[] = { "leftctrl", "c" };

	WRITE(nc_console_sendkey, GUEST_OF(s), .keys = keys, .n_keys = 2);
}

REQUEST(backup_begin)
{
	WRITE(nc_backup_begin, GUEST_OF(s), .checkpoint = s->made_id);
}

REQUEST(backup_end)
{
	WRITE(nc_backup_end, GUEST_OF(s), .backup = s->backup, .keep_checkpoint = false);
}

REQUEST(backup_extents)
{
	WRITE(nc_backup_extents, .native_id = s->native_id, .backup = s->backup, .disk = "disk0");
}

#define VOLUME_OF(s) .id = (s)->volume_id, .uuid = (s)->volume_uuid, .tag = tag_for((s)->volume_id)

REQUEST(volume_create)
{
	WRITE(nc_volume_create, VOLUME_OF(s), .name = "kit", .project = "project_kit",
		.size_gib = 1);
}

REQUEST(volume_resize)
{
	WRITE(nc_volume_resize, VOLUME_OF(s), .native_id = s->volume, .size_gib = 2);
}

REQUEST(volume_snapshot)
{
	WRITE(nc_volume_snapshot, .id = s->made_id, .uuid = s->made_uuid,
		.tag = tag_for(s->made_id), .volume = s->volume, .name = "kit");
}

REQUEST(volume_remove)
{
	WRITE(nc_volume_remove, VOLUME_OF(s), .native_id = s->volume);
}

#define NET_OF(s) .id = (s)->net_id, .uuid = (s)->net_uuid, .tag = tag_for((s)->net_id)

REQUEST(network_create)
{
	WRITE(nc_network_create, NET_OF(s), .name = "kit", .project = "project_kit",
		.kind = NC_NETWORK_KIND_NAT, .cidr = "10.99.0.0/24");
}

REQUEST(network_remove)
{
	WRITE(nc_network_remove, NET_OF(s), .native_id = s->net);
}

#define PORT_OF(s) .id = (s)->port_id, .uuid = (s)->port_uuid, .tag = tag_for((s)->port_id)

REQUEST(port_create)
{
	WRITE(nc_network_port_create, PORT_OF(s), .network = s->net, .mac = "52:54:00:00:00:07");
}

REQUEST(port_remove)
{
	WRITE(nc_network_port_remove, PORT_OF(s), .native_id = s->port);
}

/* Objects of a query whose `member` is `value`; the last of them into *ret (to be freed). */
static int count(kit_stage *s, const char *verb, const char *target, const char *request,
	const char *member, const char *value, json_t **ret)
{
	struct nc_sink *sink = kit_query(s, verb, target, request);
	int n = 0;

	if (!sink)
		return -1;
	for (const char *o = kit_sink_first(sink); o; o = kit_sink_next(sink, o)) {
		json_t *doc = json_loads(o, 0, NULL);
		const char *has = json_string_value(json_object_get(doc, member));

		if (has && strcmp(has, value) == 0) {
			n++;
			if (ret) {
				json_decref(*ret);
				*ret = json_incref(doc);
			}
		}
		json_decref(doc);
	}
	kit_sink_free(sink);
	return n;
}

/* Whether the guest's `member` is `value`; several guests count as they are. */
static int guest_has(kit_stage *s, const char *member, const char *value)
{
	json_t *guest = NULL;
	int n = count(s, "compute.inventory", "", "{}", "uuid", s->uuid, &guest);
	const char *has = json_string_value(json_object_get(guest, member));

	if (n == 1)
		n = has && strcmp(has, value) == 0;
	json_decref(guest);
	return n;
}

static int guest_is_there(kit_stage *s)
{
	return count(s, "compute.inventory", "", "{}", "uuid", s->uuid, NULL);
}

static int guest_is_gone(kit_stage *s)
{
	int n = guest_is_there(s);

	return n < 0 ? n : n == 0;
}

static int guest_is_renamed(kit_stage *s)
{
	return guest_has(s, "name", "renamed");
}

static int guest_is_stopped(kit_stage *s)
{
	return guest_has(s, "power", "stopped");
}

static int guest_has_moved(kit_stage *s)
{
	return guest_has(s, "host", s->host2);
}

static int snapshots(kit_stage *s, const char *member, const char *value)
{
	nc_plug_buf req = NC_PLUG_BUF(1024);
	int n = -1;

	if (snapshot_list(s, &req) == NC_OK)
		n = count(s, "snapshot.list", s->host, req.ptr, member, value, NULL);
	nc_plug_buf_done(&req);
	return n;
}

static int snapshot_is_there(kit_stage *s)
{
	return snapshots(s, "snapshot_id", s->made_id);
}

static int snapshot_is_gone(kit_stage *s)
{
	int n = snapshots(s, "snapshot", s->snapshot);

	return n < 0 ? n : n == 0;
}

static int volume_is_there(kit_stage *s)
{
	return count(s, "volume.inventory", "", "{}", "uuid", s->volume_uuid, NULL);
}

static int volume_is_gone(kit_stage *s)
{
	int n = volume_is_there(s);

	return n < 0 ? n : n == 0;
}

static int volume_has_grown(kit_stage *s)
{
	json_t *v = NULL;
	int n = count(s, "volume.inventory", "", "{}", "uuid", s->volume_uuid, &v);

	if (n == 1)
		n = json_integer_value(json_object_get(v, "size_gib")) == 2;
	json_decref(v);
	return n;
}

static int volume_snapshot_is_there(kit_stage *s)
{
	return count(s, "volume.inventory", "", "{}", "uuid", s->made_uuid, NULL);
}

static int network_is_there(kit_stage *s)
{
	return count(s, "network.inventory", "", "{}", "uuid", s->net_uuid, NULL);
}

static int network_is_gone(kit_stage *s)
{
	int n = network_is_there(s);

	return n < 0 ? n : n == 0;
}

static int n_ports(kit_stage *s)
{
	json_t *net = NULL;
	int n = count(s, "network.inventory", "", "{}", "uuid", s->net_uuid, &net);

	if (n == 1)
		n = (int)json_integer_value(json_object_get(net, "ports"));
	json_decref(net);
	return n;
}

static int no_ports(kit_stage *s)
{
	int n = n_ports(s);

	return n < 0 ? n : n == 0;
}

#define OP(nm, id, table, slot, fam, famid, tgt, need, req, eff, mk)                               \
	{                                                                                          \
		.name = nm, .ext = id, .offset = offsetof(table, slot), .answer = nm ".result",    \
		.recover_ext = famid, .recover_offset = offsetof(fam, recover), .target = tgt,     \
		.needs = need, .request = req, .effect = eff, .makes = mk                          \
	}
#define COMPUTE(slot, need, eff, mk)                                                               \
	OP("compute." #slot, NC_EXT_COMPUTE, nc_compute, slot, nc_compute, NC_EXT_COMPUTE,         \
		KIT_ON_HOST, need, compute_##slot, eff, mk)
#define COMPANION(fam, ID, slot, need, eff, mk)                                                    \
	OP(#fam "." #slot, NC_EXT_##ID, nc_compute_##fam, slot, nc_compute, NC_EXT_COMPUTE,        \
		KIT_ON_HOST, KIT_NEEDS_GUEST | (need), fam##_##slot, eff, mk)
#define VOLUME(slot, need, eff, mk)                                                                \
	OP("volume." #slot, NC_EXT_VOLUME, nc_volume, slot, nc_volume, NC_EXT_VOLUME, KIT_ON_POOL, \
		need, volume_##slot, eff, mk)
#define NETWORK(slot, req, need, eff, mk)                                                          \
	OP("network." #slot, NC_EXT_NETWORK, nc_network, slot, nc_network, NC_EXT_NETWORK,         \
		KIT_ON_NONE, need, req, eff, mk)
#define QUERY(nm, id, table, slot, tgt, need, req, ans)                                            \
	{                                                                                          \
		.name = nm, .ext = id, .offset = offsetof(table, slot), .answer = ans,             \
		.is_query = true, .target = tgt, .needs = need, .request = req                     \
	}

const kit_verb kit_verbs[] = {
	QUERY("compute.fingerprint", NC_EXT_COMPUTE, nc_compute, fingerprint, KIT_ON_NONE, 0,
		nothing, "compute.host"),
	QUERY("compute.inventory", NC_EXT_COMPUTE, nc_compute, inventory, KIT_ON_HOST,
		KIT_NEEDS_GUEST, compute_inventory, "compute.guest"),
	COMPUTE(create, 0, guest_is_there, true),
	COMPUTE(update, KIT_NEEDS_GUEST, guest_is_renamed, false),
	COMPUTE(power, KIT_NEEDS_GUEST, guest_is_stopped, false),
	COMPUTE(destroy, KIT_NEEDS_GUEST, guest_is_gone, false),
	COMPANION(migrate, MIGRATE, start, KIT_NEEDS_TWO_HOSTS, guest_has_moved, false),
	COMPANION(snapshot, SNAPSHOT, create, 0, snapshot_is_there, true),
	COMPANION(snapshot, SNAPSHOT, revert, KIT_NEEDS_SNAPSHOT, NULL, false),
	COMPANION(snapshot, SNAPSHOT, remove, KIT_NEEDS_SNAPSHOT, snapshot_is_gone, false),
	QUERY("snapshot.list", NC_EXT_SNAPSHOT, nc_compute_snapshot, list, KIT_ON_HOST,
		KIT_NEEDS_GUEST | KIT_NEEDS_SNAPSHOT, snapshot_list, "snapshot.list.result"),
	COMPANION(disk, DISK, attach, 0, NULL, true),
	COMPANION(disk, DISK, detach, KIT_NEEDS_DISK, NULL, false),
	COMPANION(disk, DISK, resize, 0, NULL, false),
	COMPANION(nic, NIC, attach, 0, NULL, true),
	COMPANION(nic, NIC, detach, KIT_NEEDS_NIC, NULL, false),
	COMPANION(nic, NIC, update, KIT_NEEDS_NIC, NULL, false),
	QUERY("console.log", NC_EXT_CONSOLE, nc_compute_console, log, KIT_ON_HOST, KIT_NEEDS_GUEST,
		console_log, "console.log.result"),
	QUERY("console.screenshot", NC_EXT_CONSOLE, nc_compute_console, screenshot, KIT_ON_HOST,
		KIT_NEEDS_GUEST, console_screenshot, "console.screenshot.result"),
	COMPANION(console, CONSOLE, sendkey, 0, NULL, false),
	COMPANION(backup, BACKUP, begin, 0, NULL, true),
	COMPANION(backup, BACKUP, end, KIT_NEEDS_BACKUP, NULL, false),
	QUERY("backup.extents", NC_EXT_BACKUP, nc_compute_backup, extents, KIT_ON_HOST,
		KIT_NEEDS_GUEST | KIT_NEEDS_BACKUP, backup_extents, "backup.extents.result"),
	QUERY("volume.pools", NC_EXT_VOLUME, nc_volume, pools, KIT_ON_NONE, 0, nothing,
		"volume.pools.result"),
	QUERY("volume.inventory", NC_EXT_VOLUME, nc_volume, inventory, KIT_ON_NONE,
		KIT_NEEDS_VOLUME, nothing, "volume.inventory.result"),
	VOLUME(create, 0, volume_is_there, true),
	VOLUME(resize, KIT_NEEDS_VOLUME, volume_has_grown, false),
	VOLUME(snapshot, KIT_NEEDS_VOLUME, volume_snapshot_is_there, true),
	VOLUME(remove, KIT_NEEDS_VOLUME, volume_is_gone, false),
	QUERY("network.inventory", NC_EXT_NETWORK, nc_network, inventory, KIT_ON_NONE,
		KIT_NEEDS_NETWORK, nothing, "network.inventory.result"),
	NETWORK(create, network_create, 0, network_is_there, true),
	NETWORK(remove, network_remove, KIT_NEEDS_NETWORK, network_is_gone, false),
	NETWORK(port_create, port_create, KIT_NEEDS_NETWORK, n_ports, true),
	NETWORK(port_remove, port_remove, KIT_NEEDS_NETWORK | KIT_NEEDS_PORT, no_ports, false),
	QUERY("catalog.types", NC_EXT_CATALOG, nc_catalog, types, KIT_ON_NONE, 0, nothing,
		"catalog.types.result"),
	QUERY("catalog.images", NC_EXT_CATALOG, nc_catalog, images, KIT_ON_NONE, 0, nothing,
		"catalog.images.result"),
	QUERY("catalog.prices", NC_EXT_CATALOG, nc_catalog, prices, KIT_ON_NONE, 0, nothing,
		"catalog.prices.result"),
	{ .name = NULL },
};

const kit_verb *kit_verb_find(const char *name)
{
	const kit_verb *v = kit_verbs;

	while (v->name && strcmp(v->name, name) != 0)
		v++;
	return v->name ? v : NULL;
}
