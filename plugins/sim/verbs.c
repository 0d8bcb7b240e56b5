/* SPDX-License-Identifier: Apache-2.0 */
/* All verbs that change something, found by name: recover and the truth speak of them so. */
#include <string.h>

#include "verb.h"

const sim_verb *sim_verb_find(const char *name)
{
	static const sim_verb *const lists[] = { sim_verbs_guest, sim_verbs_power,
		sim_verbs_migrate, sim_verbs_snapshot, sim_verbs_disk, sim_verbs_nic,
		sim_verbs_console, sim_verbs_backup, sim_verbs_volume, sim_verbs_network };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const sim_verb *v = lists[i]; v->name; v++)
			if (strcmp(v->name, name) == 0)
				return v;
	return NULL;
}
