/* SPDX-License-Identifier: Apache-2.0 */
#include "model/vm.h"

#include "base/cleanup.h"

/*
 * The one table lifecycle × task × power → status. Rows are read from the top, the first that fits
 * decides; the last rows make it total. Pure functions over const tables.
 */

const char *const nc_vm_status_words[] = { "creating", "running", "stopped", "paused", "suspended",
	"migrating", "resizing", "resized", "rescued", "shelved", "deleting", "deleted", "error",
	"unknown", NULL };
_Static_assert(NC_LEN(nc_vm_status_words) == NC_VM_STATUS_COUNT + 1, "a word for each status");

#define ANY          (~(uint64_t)0)
#define L(x)         ((uint64_t)1 << NC_VM_##x)
#define P(x)         ((uint64_t)1 << NC_POWER_##x)
#define S(x)         NC_VM_STATUS_##x
#define RESIZE_TASKS (L(RESIZING) | L(CONFIRMING) | L(REVERTING))
#define SEEN_IN      (L(ACTIVE) | L(STOPPED) | L(PAUSED) | L(SUSPENDED))

typedef struct row {
	uint64_t lifecycles, tasks, powers; /* bit sets */
	nc_vm_status status;
} row;

static const row rows[] = {
	/* what is being done to it, where that is the word people look for */
	{ ANY, L(DELETING) | L(PURGING), ANY, S(DELETING) },
	{ L(DELETED), ANY, ANY, S(DELETED) },
	{ L(ERROR), ANY, ANY, S(ERROR) },
	{ L(BUILDING), ANY, ANY, S(CREATING) },
	{ ANY, L(MIGRATING), ANY, S(MIGRATING) },
	{ ANY, RESIZE_TASKS, ANY, S(RESIZING) },
	/* what it is: a shelved one has no host that could be silent */
	{ L(SHELVED), ANY, ANY, S(SHELVED) },
	{ ANY, ANY, P(UNKNOWN), S(UNKNOWN) },
	{ L(RESCUED), ANY, ANY, S(RESCUED) },
	{ L(RESIZED), ANY, ANY, S(RESIZED) },
	/* what the hypervisor says */
	{ SEEN_IN, ANY, P(ON), S(RUNNING) },
	{ SEEN_IN, ANY, P(PAUSED), S(PAUSED) },
	{ SEEN_IN, ANY, P(SUSPENDED), S(SUSPENDED) },
	/* a guest saved to disk looks switched off to some hypervisors */
	{ L(SUSPENDED), ANY, P(OFF), S(SUSPENDED) },
	{ SEEN_IN, ANY, P(OFF), S(STOPPED) },
	{ SEEN_IN, ANY, P(CRASHED), S(ERROR) },
	{ ANY, ANY, ANY, S(UNKNOWN) },
};

nc_vm_status nc_vm_status_of(nc_vm_lifecycle lifecycle, nc_vm_task task, nc_vm_power power)
{
	const row *r = rows;
	while (!(r->lifecycles >> lifecycle & 1) || !(r->tasks >> task & 1) ||
		!(r->powers >> power & 1))
		r++;
	return r->status;
}

/* Lifecycle corrected by what was seen; where it says nothing, -1 keeps it. */
nc_vm_lifecycle nc_vm_effective(nc_vm_lifecycle lifecycle, nc_vm_power power)
{
	static const int8_t seen[NC_POWER_COUNT] = {
		[NC_POWER_UNKNOWN] = -1,
		[NC_POWER_OFF] = NC_VM_STOPPED,
		[NC_POWER_ON] = NC_VM_ACTIVE,
		[NC_POWER_PAUSED] = NC_VM_PAUSED,
		[NC_POWER_SUSPENDED] = NC_VM_SUSPENDED,
		[NC_POWER_CRASHED] = NC_VM_STOPPED,
	};
	int is_seen_in = (SEEN_IN >> lifecycle & 1) != 0;
	int is_saved = lifecycle == NC_VM_SUSPENDED && power == NC_POWER_OFF;
	if (!is_seen_in || is_saved || seen[power] < 0)
		return lifecycle;
	return (nc_vm_lifecycle)seen[power];
}
