/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of what there is, and of what is known to come. Const data. */
#include "cli/cmd/all.h"
#include "cli/find.h"

#define POINTER_(name) &nc_cmd_##name,
const nc_cmd *const nc_commands[] = { NC_COMMANDS(POINTER_) NULL };

const nc_group nc_groups[] = {
	{ "vm", "virtual machines: create, start, stop, resize, migrate, delete, restore" },
	{ "host", "machines that guests run on" },
	{ "provider", "drivers that are open: hypervisors, cloud accounts" },
	{ "project", "what belongs together" },
	{ "quota", "what a project may hold" },
	{ "operation", "what is being done: wait for it, cancel it" },
	{ "event", "what happened" },
	{ "decision", "why a VM went where it went" },
	{ "orphan", "what is outside and has no owner here" },
	{ "plugin", "the drivers themselves" },
	{ "config", "configuration: generate, check, show, reload" },
	{ "state", "everything stored: check, backup, restore, repair" },
	{ "health", "how the daemon is" },
	{ "version", "what runs here" },
	{ "explain", "the fields of a kind" },
	{ "completion", "for your shell" },
	{ "docs", "all of this as a page" },
	{ NULL, NULL },
};

#define SHOW_AND_REPEAT "until then: novacron vm list, repeated by watch(1)"
#define BY_CREATE       "until then: novacron KIND create -f FILE and KIND update NAME -f FILE"
#define BY_SOCKET       "until then the Unix socket tells who you are: see server.socket_group"
#define BY_A_DRIVER     "it comes with the driver of a real hypervisor"
#define BY_PLANS        "until then: novacron host cordon, and novacron vm migrate for each VM"
#define BY_A_FOLDER     "until then a plugin is a folder on plugins.path that plugins.allow names"

const nc_later nc_laters[] = {
	{ "top", SHOW_AND_REPEAT },
	{ "doctor", "until then: novacron health, config check and state check" },
	{ "apply", BY_CREATE },
	{ "diff", BY_CREATE },
	{ "edit", BY_CREATE },
	{ "login", BY_SOCKET },
	{ "logout", BY_SOCKET },
	{ "context", "until then: --socket and --project, or their variables" },
	{ "audit", "until then: novacron event list says who did what" },
	{ "webhook", "until then: novacron event list --follow -o json" },
	{ "vm clone", BY_A_DRIVER },
	{ "vm rebuild", BY_A_DRIVER },
	{ "vm rescue", BY_A_DRIVER },
	{ "vm unrescue", BY_A_DRIVER },
	{ "vm shelve", BY_A_DRIVER },
	{ "vm unshelve", BY_A_DRIVER },
	{ "vm backup", BY_A_DRIVER },
	{ "vm export", BY_A_DRIVER },
	{ "vm import", BY_A_DRIVER },
	{ "vm console", BY_A_DRIVER },
	{ "vm exec", BY_A_DRIVER },
	{ "vm ssh", "until then: ssh to the address that novacron vm show tells" },
	{ "vm wait", "until then: --wait on the command that changes it" },
	{ "host drain", BY_PLANS },
	{ "host evacuate", BY_PLANS },
	{ "host fence", BY_PLANS },
	{ "host join-token", "hosts of agents come with nc-hostd; a provider finds its own" },
	{ "state rollback",
		"a migration leaves the former files beside the store; a backup is put back by "
		"novacron state restore FILE" },
	{ "plugin new", "until then: copy the template of sdk/c" },
	{ "plugin pack", BY_A_FOLDER },
	{ "plugin sign", BY_A_FOLDER },
	{ "plugin publish", BY_A_FOLDER },
	{ NULL, NULL },
};
