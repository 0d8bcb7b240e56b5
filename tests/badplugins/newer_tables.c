/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Right, and compiled for the minor of the ABI that follows the kernel's, which its manifest does not
 * need: each of its tables goes on behind what the kernel knows, with slots that are not for it.
 */
#define BAD_ABI           (NC_ABI + 1)
#define BAD_TABLE         &table_now.known
#define BAD_GET_EXTENSION tables
#define BAD_ENTRY
#include "novacron/plugin.h"
static const void *tables(nc_inst *, const char *);

static void later(void)
{
	__builtin_trap();
}
#define SLOTS                                                                                      \
	{                                                                                          \
		later, later, later, later, later, later, later, later                             \
	}

#include "plugin.h"

static const struct {
	nc_plugin known;
	void (*later[8])(void);
} table_now = { { .struct_size = sizeof(table_now),
			.create = BAD_CREATE,
			.destroy = BAD_DESTROY,
			.get_extension = BAD_GET_EXTENSION },
	SLOTS };

static const struct {
	nc_compute known;
	void (*later[8])(void);
} compute_now = { { .struct_size = sizeof(compute_now),
			  .inventory = BAD_INVENTORY,
			  .create = BAD_VERB,
			  .destroy = BAD_VERB },
	SLOTS };

static const struct {
	nc_stream known;
	void (*later[8])(void);
} stream_now = { { .struct_size = sizeof(stream_now), .open = BAD_STREAM }, SLOTS };

static const void *tables(nc_inst *self, const char *id)
{
	(void)self;
	if (strcmp(id, NC_EXT_COMPUTE) == 0)
		return &compute_now.known;
	return strcmp(id, NC_EXT_STREAM) == 0 ? &stream_now.known : NULL;
}

const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	static const struct {
		nc_entry known;
		void (*later[8])(void);
	} entry = { { .struct_size = sizeof(entry),
			    .abi = BAD_ABI,
			    .id = BAD_ENTRY_ID,
			    .version = "1.0.0",
			    .plugin = BAD_TABLE },
		SLOTS };
	(void)host_abi;
	return &entry.known;
}
