/* SPDX-License-Identifier: Apache-2.0 */
/* P6: destroy never comes back. */
#define BAD_DESTROY hang
#include "novacron/plugin.h"
static void hang(nc_inst *);
#include "plugin.h"

static void hang(nc_inst *self)
{
	for (;;)
		pause();
	free(self);
}
