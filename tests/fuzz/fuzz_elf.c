/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "plugin/elf.h"

/* A shared object's table of exports, from a file that nobody has looked at yet. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	nc_error err = NC_ERROR_INIT;
	nc_elf_exports e;
	if (nc_elf_read_exports((nc_bytes){ data, size }, &e, &err) != NC_OK)
		nc_assert(err.message[0]);
	else
		nc_assert(strnlen(e.extra_names, sizeof(e.extra_names)) < sizeof(e.extra_names));
	return 0;
}
