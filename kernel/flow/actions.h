/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_FLOW_ACTIONS_H
#define NC_FLOW_ACTIONS_H

#include "flow/internal.h"

/* What the rows of nc_actions run. Each stages what it does; inside a read section: no blocking. */

/* vm_acts.c; power is every verb of vm.power. */
nc_code nc_vm_act_power(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
nc_code nc_vm_act_resize(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
nc_code nc_vm_act_restore(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
nc_code nc_vm_act_reset_state(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
/* These live with their operations. */
nc_code nc_vm_act_migrate(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
nc_code nc_snapshot_act_take(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
nc_code nc_snapshot_act_revert(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
nc_code nc_volume_act_resize(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
nc_code nc_orphan_act_delete(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err);
/* host_acts.c: cordon, maintenance and uncordon; and what waits for plans. */
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
