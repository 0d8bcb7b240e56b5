/* SPDX-License-Identifier: Apache-2.0 */
/* A table that ends before what ABI 1.0 has. */
#include <stdint.h>

#include "novacron/plugin.h"

static const struct {
	uint32_t struct_size, flags;
} stub = { 8, 0 };
#define BAD_TABLE ((const nc_plugin *)(const void *)&stub)
#include "plugin.h"

const void *const nc_unused_pieces[] __attribute__((visibility("hidden"))) = { (const void *)create,
	(const void *)destroy, (const void *)get_extension };
