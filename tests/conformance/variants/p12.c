/* SPDX-License-Identifier: Apache-2.0 */
/* P12: the state says it is of another version than the manifest. */
#include <string.h>

#include "../variant.h"
#include "novacron/state.h"
#include "sim/dump.h"

static nc_code save(nc_inst *inst, uint32_t *ret_version, nc_sink *sink, nc_error *err)
{
	nc_code rc = sim_state_save(inst, ret_version, sink, err);

	*ret_version = 9;
	return rc;
}

static const void *get_extension(nc_inst *inst, const char *id)
{
	static const nc_state state = { sizeof(state), 0, save, sim_state_load };

	return strcmp(id, NC_EXT_STATE) == 0 ? &state : sim_plugin.get_extension(inst, id);
}

void variant_plugin(nc_plugin *table)
{
	table->get_extension = get_extension;
}

void variant_host(nc_host *table)
{
	(void)table;
}
