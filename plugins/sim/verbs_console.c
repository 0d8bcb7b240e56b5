/* SPDX-License-Identifier: Apache-2.0 */
/* Keys pressed at a guest's console: a simulated guest hears them and does nothing. */
#define NC_PLUG_DOMAIN "sim"
#include "guest.h"

static nc_code console_sendkey(sim_call *call, nc_error *err)
{
	const nc_console_sendkey_request *req = call->req;
	nc_console_sendkey_result *res = call->res;
	sim_guest *g;
	nc_code rc = sim_guest_find(call, req->native_id, req->uuid, &req->tag, &g, err);

	if (rc == NC_OK)
		rc = sim_check_running(g->doc, "to hear keys", err);
	if (rc == NC_OK)
		res->native_id = g->doc->native_id;
	return rc;
}

const sim_verb sim_verbs_console[] = {
	{ .name = "console.sendkey",
		.request = &nc_console_sendkey_request_msg,
		.result = &nc_console_sendkey_result_msg,
		.act = console_sendkey,
		.phase = "typing" },
	{ .name = NULL },
};
