/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_CLI_H
#define NC_CLI_CLI_H

#include "base/arena.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/term.h"
#include "model/kind.h"

/* One call of the command, from its arguments to its exit code. One thread. */
typedef struct nc_client nc_client;

struct nc_cli {
	const nc_cmd *cmd;
	const nc_kind *kind; /* that the first word names; NULL */
	nc_args args;
	nc_term term;
	nc_arena *arena;   /* of the whole call */
	nc_client *client; /* made by the first request */
	json_t *problem;   /* the last refusal as the server sent it, or NULL */
	int exit_code;     /* of a run that ended in NC_OK */
};

/* The whole program: finds the command, runs it, says what went wrong. Returns the exit code. */
int nc_cli_main(int argc, char **argv);

#endif
