/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_HOST_ACTS_H
#define NC_FLOW_HOST_ACTS_H

#include "flow/internal.h"

/* Rows of nc_actions. host_acts.c: cordon, maintenance and uncordon; and what waits for plans. */
nc_code nc_host_act_admin(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
nc_code nc_host_act_later(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
/* adopt.c: one with our tag; and one without, which no driver can tag yet. */
nc_code nc_orphan_act_adopt(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
nc_code nc_provider_act_adopt(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);

#endif
