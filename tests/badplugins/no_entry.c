/* SPDX-License-Identifier: Apache-2.0 */
/* Exports no entry at all. */
#define BAD_ENTRY
#include "plugin.h"

const void *const nc_unused_pieces[] __attribute__((visibility("hidden"))) = { &table };
