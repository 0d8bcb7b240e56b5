/* SPDX-License-Identifier: Apache-2.0 */
/* config check FILE...: what the daemon would say of these files, all faults at once. Offline. */
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "cli/cmd/all.h"
#include "cli/output.h"
#include "config/load.h"
#include "model/problem.h"

enum { LINE_MAX_BYTES = 1200 };

static void tell(nc_cli *c, const nc_config_issue *list, size_t n, int is_fault)
{
	char line[LINE_MAX_BYTES];

	for (size_t i = 0; i < NC_MIN(n, (size_t)NC_CONFIG_ISSUES_MAX); i++) {
		nc_config_issue_format(&list[i], line, sizeof(line));
		if (is_fault)
			nc_tell_error(&c->term, line);
		else
			nc_tell(&c->term, "warning: %s", line);
		if (*list[i].hint)
			nc_tell_hint(&c->term, list[i].hint);
	}
	if (n > NC_CONFIG_ISSUES_MAX)
		nc_tell(&c->term, "and %zu more", n - NC_CONFIG_ISSUES_MAX);
}

static nc_code run(nc_cli *c, nc_error *err)
{
	_cleanup_(nc_freep) nc_config_report *report = nc_calloc(1, sizeof(*report));
	_cleanup_(nc_config_unrefp) const nc_config *config = NULL;

	if (!report)
		return nc_err_nomem(err);
	nc_code rc = nc_config_load(c->args.words, c->args.n_words,
		(const char *const *)(void *)environ, &config, report, err);
	tell(c, report->warning, report->n_warnings, 0);
	tell(c, report->fault, report->n_faults, 1);
	if (rc != NC_OK && !report->n_faults)
		return rc;
	if (rc == NC_OK)
		return nc_print_line(c, err, "the configuration is valid");
	nc_err_clear(err);
	c->exit_code = NC_EXIT_USAGE; /* every fault has been told */
	return NC_OK;
}

const nc_cmd nc_cmd_config_check = {
	.path = "config check",
	.doc = "whether configuration files are right, with the environment over them (offline)",
	.args = { { .name = "FILE", .arity = NC_ARG_SOME } },
	.run = run,
};
