/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of actions: POST /{kind}/{ref}/{action}, and which permission it needs. Constant.
 */
#include "flow/actions.h"

#define POWER(verb, what)                                                                          \
	{                                                                                          \
		.kind = "vm", .name = verb, .doc = what, .permission = "vm.power." verb,           \
		.run = nc_vm_act_power                                                             \
	}
static const nc_action actions[] = {
	POWER("start", "power on"),
	POWER("stop", "power off: graceful, then force after timeout_s"),
	POWER("restart", "graceful restart"),
	POWER("reset", "hard reset"),
	POWER("pause", "stop the vcpus"),
	POWER("resume", "let paused vcpus go on"),
	POWER("suspend", "memory to disk, power off"),
	POWER("wake", "back from suspend"),
	POWER("nmi", "send a non-maskable interrupt"),
	{ "vm", "resize", "change vcpus and memory", "vm.resize", nc_vm_act_resize },
	{ "vm", "restore", "bring a deleted one back, stopped", "vm.restore", nc_vm_act_restore },
	{ "vm", "migrate", "move it to another host", "vm.migrate", nc_vm_act_migrate },
	{ "vm", "snapshot", "keep it as it is now; as POST /api/v1/snapshots", "snapshot.create",
		nc_snapshot_act_take },
	{ "volume", "resize", "make it larger", "volume.resize", nc_volume_act_resize },
	{ "snapshot", "revert", "take its vm back to it", "snapshot.revert",
		nc_snapshot_act_revert },
	{ "vm", "reset-state", "say what it is (administrators)", "vm.reset_state",
		nc_vm_act_reset_state },
	{ "host", "cordon", "place nothing new there; what runs stays", "host.cordon",
		nc_host_act_admin },
	{ "host", "maintenance", "the same, saying why; no guest is stopped", "host.maintenance",
		nc_host_act_admin },
	{ "host", "uncordon", "let new things be placed there again", "host.cordon",
		nc_host_act_admin },
	{ "host", "drain", "not yet: move its guests away", "host.drain", nc_host_act_later },
	{ "host", "evacuate", "not yet: start its guests elsewhere", "host.evacuate",
		nc_host_act_later },
	{ "host", "fence", "not yet: make sure that it is off", "host.fence", nc_host_act_later },
	{ "orphan", "adopt", "make a vm of it, under the id in its tag; name", "orphan.adopt",
		nc_orphan_act_adopt },
	{ "provider", "adopt", "not yet: take over a guest without our tag", "orphan.adopt",
		nc_provider_act_adopt },
	{ "orphan", "delete", "destroy it at its provider", "orphan.delete", nc_orphan_act_delete },
	{ NULL, NULL, NULL, NULL, NULL },
};

const nc_action *nc_actions(void)
{
	return actions;
}
