/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a consumer holds, out of its allocation, and counting it in host, project and group at once:
 * all three or none. The only place where the ledger and its books are moved together.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/allocation.h"
#include "model/model.h"
#include "sched/ledger.h"

void nc_holding_of(nc_sched *s, const nc_allocation *al, nc_holding *h)
{
	int is_vm = al->consumer_kind && !strcmp(al->consumer_kind, "vm");

	*h = (nc_holding){ .is_there = 1,
		.slot = al->host ? nc_slot_find(s, al->host) : NO_SLOT,
		.amount = { al->vcpus, al->memory_mib + al->overhead_mib, al->disk_gib } };
	if (!al->is_paired)
		memcpy(h->use,
			(int64_t[]){ al->vcpus, al->memory_mib, al->disk_gib, is_vm ? 1 : 0 },
			sizeof(h->use));
	snprintf(h->host, sizeof(h->host), "%s", al->host ? al->host : "");
	snprintf(h->group, sizeof(h->group), "%s", al->vm_group ? al->vm_group : "");
}

nc_code nc_holding_take(nc_sched *s, const char *project, const nc_holding *h, int sign)
{
	int is_grouped = *h->group && h->slot != NO_SLOT;

	if (!h->is_there)
		return NC_OK;
	if (is_grouped && nc_groups_take(s, h->group, h->slot, sign) != NC_OK)
		return NC_E_NOMEM;
	if (nc_projects_take(s, project, h->use, sign) != NC_OK) {
		if (is_grouped)
			nc_assert(nc_groups_take(s, h->group, h->slot, -sign) == NC_OK);
		return NC_E_NOMEM;
	}
	if (h->slot != NO_SLOT)
		nc_ledger_take(nc_row_at(s, h->slot), h->amount, sign);
	return NC_OK;
}

nc_code nc_holding_load(
	nc_sched *s, const nc_root *root, const char *consumer, nc_holding *h, nc_error *err)
{
	const nc_item *it = nc_root_get(root, NC_KIND_ALLOCATION, nc_str(consumer));
	nc_object *o = NULL;

	*h = (nc_holding){ .slot = NO_SLOT };
	if (!it)
		return NC_OK;
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(1u << 20);
	if (!a)
		return nc_err_nomem(err);
	nc_code rc = nc_model_load(it, a, &o, err);
	if (rc == NC_OK)
		nc_holding_of(s, NC_AS(nc_allocation, o), h);
	return rc;
}
