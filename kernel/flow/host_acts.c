/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators say of hosts: whether anything new is placed there. Guests stay where they are in
 * any case; the ledger hears of it from the publish hook, and a claim that was on its way is refused
 * by its guard. What would move guests is a plan, and there are none yet. Inside a read section.
 */
#include <string.h>

#include "base/err.h"
#include "flow/actions.h"
#include "model/problem.h"

static const struct {
	const char *action;
	nc_host_admin state;
	const char *event;
} wishes[] = {
	{ "cordon", NC_HOST_CORDONED, "host.cordoned" },
	{ "maintenance", NC_HOST_MAINTENANCE, "host.maintenance" },
	{ "uncordon", NC_HOST_ENABLED, "host.uncordoned" },
};

nc_code nc_host_act_admin(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	static const char *const keys[] = { NULL };
	nc_host_obj *h = NC_AS(nc_host_obj, s->object);
	nc_code rc = body ? nc_json_only_keys(body, NULL, keys, err) : NC_OK;

	(void)r;
	if (rc != NC_OK)
		return rc;
	for (size_t i = 0; i < NC_LEN(wishes); i++) {
		if (strcmp(wishes[i].action, self->name))
			continue;
		s->is_unchanged = h->admin_state == wishes[i].state;
		h->admin_state = wishes[i].state;
		s->event = wishes[i].event;
		return NC_OK;
	}
	return nc_err(err, NC_E_UNSUPPORTED, "a host has no action %s", self->name);
}

nc_code nc_host_act_later(
	nc_stage *s, const nc_root *r, const nc_action *self, const json_t *body, nc_error *err)
{
	(void)r;
	(void)body;
	nc_problem_err(err, "unsupported", "host %s: nothing here can %s a host yet",
		s->object->name, self->name);
	return nc_err_hint(err, NC_E_UNSUPPORTED,
		"novacron host cordon keeps new VMs away; stop or delete those that are there");
}
