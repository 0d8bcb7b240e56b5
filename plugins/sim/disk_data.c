/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of simulated disks, computed. Stateless; any thread. */
#include "disk_data.h"

#include <string.h>

#include "map.h"

#define MIB         (1024u * 1024u)
#define RUNS        64u
#define RUN_MAX_MIB 4u

uint64_t sim_disk_seed(const char *guest, const char *disk)
{
	return sim_hash(sim_hash(0, guest), disk);
}

/* The disk in RUNS equal parts, each beginning with a run of one to four MiB. */
static uint64_t part_bytes(const sim_disk_id *d)
{
	return d->size_bytes / RUNS / MIB * MIB;
}

bool sim_disk_run(const sim_disk_id *d, unsigned i, uint64_t *ret_offset, uint64_t *ret_len)
{
	uint64_t part = part_bytes(d);

	if (i >= RUNS || part == 0)
		return false;
	*ret_offset = i * part;
	*ret_len = (1 + sim_mix(d->seed + i) % RUN_MAX_MIB) * MIB;
	if (*ret_len > part)
		*ret_len = part;
	return true;
}

bool sim_disk_run_changed(const sim_disk_id *d, unsigned i, const char *since)
{
	return sim_hash(d->seed + i, since) % 4 == 0;
}

static bool is_data(const sim_disk_id *d, uint64_t at)
{
	uint64_t part = part_bytes(d), offset, len;

	return at < d->size_bytes && part &&
	       sim_disk_run(d, (unsigned)(at / part), &offset, &len) && at < offset + len;
}

void sim_disk_read(const sim_disk_id *d, uint64_t offset, void *out, size_t n)
{
	char *to = out;

	while (n > 0) {
		/* Runs begin and end on a MiB, so a word is all data or none. */
		uint64_t word = is_data(d, offset) ? sim_mix(d->seed ^ offset / 8) : 0;
		size_t skip = offset % 8, take = 8 - skip < n ? 8 - skip : n;

		memcpy(to, (const char *)&word + skip, take);
		to += take;
		offset += take;
		n -= take;
	}
}
