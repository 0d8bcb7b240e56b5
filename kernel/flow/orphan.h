/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_ORPHAN_H
#define NC_FLOW_ORPHAN_H

#include "flow/internal.h"

/*
 * Guests outside that carry an ownership tag and have no owner here. They are listed, never touched
 * by themselves, except what a journal row of this installation records as failed: the sweeper
 * (sweep.h) deletes that, and only in the store epoch that made it.
 */

/* Bring the list of one provider up to date from a complete inventory: those of its guests that carry
 * our tag and had no VM. */
nc_code nc_orphans_update(nc_flow *f, const char *provider, const json_t *strays, nc_error *err);
/* Whether this guest of a provider is on the list. */
int nc_orphan_is_listed(const nc_root *r, const char *provider, const char *native);

#endif
