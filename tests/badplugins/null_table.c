/* SPDX-License-Identifier: Apache-2.0 */
/* An entry without a table of functions. */
#define BAD_TABLE NULL
#include "plugin.h"

/* What the table would have named. */
const void *const nc_unused_pieces[] __attribute__((visibility("hidden"))) = { (const void *)create,
	(const void *)destroy, (const void *)get_extension };
