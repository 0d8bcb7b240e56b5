/* SPDX-License-Identifier: Apache-2.0 */
/* vm start, stop, restart and their kin: one action on one VM, all done the same way. */
#include <string.h>

#include "base/err.h"
#include "cli/body.h"
#include "cli/change.h"
#include "cli/cmd/all.h"

/* The word for it once it is done. */
static const struct {
	const char *action, *done;
} words[] = {
	{ "start", "started" },
	{ "stop", "stopped" },
	{ "restart", "restarted" },
	{ "reset", "reset" },
	{ "pause", "paused" },
	{ "resume", "resumed" },
	{ "suspend", "suspended" },
	{ "wake", "woken" },
	{ "nmi", "sent an NMI" },
};

static const char *done_of(const char *action)
{
	for (size_t i = 0; i < NC_LEN(words); i++)
		if (!strcmp(words[i].action, action))
			return words[i].done;
	return action;
}

static nc_code add_mode(nc_cli *c, nc_call *call, nc_error *err)
{
	int64_t grace = nc_args_num(&c->args, "grace", -1);
	int is_forced = nc_args_has(&c->args, "force");
	nc_code rc = NC_OK;

	if (!is_forced && grace < 0)
		return NC_OK;
	if (is_forced && grace >= 0)
		return nc_err(err, NC_E_INVAL, "--force waits for nothing: leave --grace out");
	if (!(call->body = json_object()))
		return nc_err_nomem(err);
	if (is_forced)
		rc = nc_body_put(call->body, "mode", json_string("force"), err);
	else
		rc = nc_body_put(call->body, "timeout_s", json_integer(grace / 1000000), err);
	return rc;
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_call_done) nc_call call;
	const char *action = c->cmd->verb_arg;

	nc_call_init(&call, "POST", &nc_kind_vm, c->args.words[0], action);
	nc_code rc = add_mode(c, &call, err);
	return rc == NC_OK ? nc_change_send(c, &nc_kind_vm, &call, done_of(action), err) : rc;
}

static const nc_flag graceful[] = {
	{ .name = "force", .doc = "at once, without asking the guest" },
	{ .name = "grace",
		.value = "TIME",
		.type = NC_FLAG_DURATION,
		.doc = "how long the guest may take before it is forced" },
	{ .name = NULL },
};

#define POWER(ident, word, flag_table, text)                                                       \
	const nc_cmd nc_cmd_vm_##ident = {                                                         \
		.path = "vm " word,                                                                \
		.verb_arg = (word),                                                                \
		.doc = (text),                                                                     \
		.args = { { .name = "VM", .kind = "vm" } },                                        \
		.flags = (flag_table),                                                             \
		.uses = NC_USES_WAIT | NC_USES_CHANGE | NC_USES_PROJECT | NC_USES_OUTPUT,          \
		.run = run,                                                                        \
	}
POWER(start, "start", NULL, "power it on");
POWER(stop, "stop", graceful, "shut it down; it is forced when the guest does not");
POWER(restart, "restart", graceful, "shut it down and start it again");
POWER(reset, "reset", NULL, "restart it hard, without asking the guest");
POWER(pause, "pause", NULL, "stop its processors, keep its memory");
POWER(resume, "resume", NULL, "let a paused one go on");
POWER(suspend, "suspend", NULL, "its memory to disk, then off");
POWER(wake, "wake", NULL, "back from suspend");
POWER(nmi, "nmi", NULL, "send it a non-maskable interrupt");
