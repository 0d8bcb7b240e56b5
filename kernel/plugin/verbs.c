/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of verbs. Const for the life of the process, read by every thread. It must never hold
 * behaviour: how a shape is called stands in rt_call.c (in process) and wire.c (between them).
 */
#include "plugin/verbs.h"

#include <stddef.h>
#include <string.h>

#include "novacron/catalog.h"
#include "novacron/companions.h"
#include "novacron/compute.h"
#include "novacron/network.h"
#include "novacron/stream.h"
#include "novacron/volume.h"

#define ROW(nm, id, table, slot, shp, rec)                                                         \
	{                                                                                          \
		.name = (nm), .ext = (id), .recover = (rec), .shape = NC_SHAPE_##shp,              \
		.offset = offsetof(table, slot), .number = __COUNTER__                             \
	}

#define COMPUTE(slot, shp, rec) ROW("compute." #slot, NC_EXT_COMPUTE, nc_compute, slot, shp, rec)
#define COMPANION(prefix, ID, slot, shp, rec)                                                      \
	ROW(#prefix "." #slot, NC_EXT_##ID, nc_compute_##prefix, slot, shp, rec)
#define VOLUME(slot, shp, rec)  ROW("volume." #slot, NC_EXT_VOLUME, nc_volume, slot, shp, rec)
#define NETWORK(slot, shp, rec) ROW("network." #slot, NC_EXT_NETWORK, nc_network, slot, shp, rec)
#define CATALOG(slot)           ROW("catalog." #slot, NC_EXT_CATALOG, nc_catalog, slot, QUERY, NULL)

static const char by_compute[] = "compute.recover";
static const char by_volume[] = "volume.recover";
static const char by_network[] = "network.recover";

static const nc_verb verbs[] = {
	COMPUTE(inventory, QUERY, NULL),
	COMPUTE(fingerprint, QUERY, NULL),
	COMPUTE(create, OP, by_compute),
	COMPUTE(update, OP, by_compute),
	COMPUTE(power, OP, by_compute),
	COMPUTE(destroy, OP, by_compute),
	COMPUTE(recover, RECOVER, NULL),
	COMPANION(migrate, MIGRATE, start, OP, by_compute),
	COMPANION(snapshot, SNAPSHOT, create, OP, by_compute),
	COMPANION(snapshot, SNAPSHOT, revert, OP, by_compute),
	COMPANION(snapshot, SNAPSHOT, remove, OP, by_compute),
	COMPANION(snapshot, SNAPSHOT, list, QUERY, NULL),
	COMPANION(disk, DISK, attach, OP, by_compute),
	COMPANION(disk, DISK, detach, OP, by_compute),
	COMPANION(disk, DISK, resize, OP, by_compute),
	COMPANION(nic, NIC, attach, OP, by_compute),
	COMPANION(nic, NIC, detach, OP, by_compute),
	COMPANION(nic, NIC, update, OP, by_compute),
	COMPANION(console, CONSOLE, log, QUERY, NULL),
	COMPANION(console, CONSOLE, screenshot, QUERY, NULL),
	COMPANION(console, CONSOLE, sendkey, OP, by_compute),
	COMPANION(stats, STATS, sample, STATS, NULL),
	COMPANION(backup, BACKUP, begin, OP, by_compute),
	COMPANION(backup, BACKUP, end, OP, by_compute),
	COMPANION(backup, BACKUP, extents, QUERY, NULL),
	VOLUME(inventory, QUERY, NULL),
	VOLUME(pools, QUERY, NULL),
	VOLUME(create, OP, by_volume),
	VOLUME(resize, OP, by_volume),
	VOLUME(snapshot, OP, by_volume),
	VOLUME(remove, OP, by_volume),
	VOLUME(recover, RECOVER, NULL),
	NETWORK(inventory, QUERY, NULL),
	NETWORK(create, OP, by_network),
	NETWORK(remove, OP, by_network),
	NETWORK(port_create, OP, by_network),
	NETWORK(port_remove, OP, by_network),
	NETWORK(recover, RECOVER, NULL),
	CATALOG(types),
	CATALOG(images),
	CATALOG(prices),
	ROW("stream.open", NC_EXT_STREAM, nc_stream, open, STREAM, NULL),
	ROW("scheduler.score", NC_EXT_SCHEDULER, nc_scheduler, score, SCORE, NULL),
};
_Static_assert(NC_LEN(verbs) <= NC_VERB_MAX, "bit sets of verbs are too small");

const nc_verb *nc_verb_find(const char *name)
{
	for (size_t i = 0; name && i < NC_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

const nc_verb *nc_verb_at(unsigned number)
{
	return number < NC_LEN(verbs) ? &verbs[number] : NULL;
}

unsigned nc_verb_count(void)
{
	return NC_LEN(verbs);
}

const char *nc_verb_shape_name(nc_verb_shape shape)
{
	static const char *const names[] = {
		[NC_SHAPE_OP] = "op",
		[NC_SHAPE_QUERY] = "query",
		[NC_SHAPE_RECOVER] = "recover",
		[NC_SHAPE_STREAM] = "stream",
		[NC_SHAPE_STATS] = "stats",
		[NC_SHAPE_SCORE] = "score",
	};
	return (size_t)shape < NC_LEN(names) ? names[shape] : "unknown";
}
