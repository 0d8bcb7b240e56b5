/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CLI_COMMAND_H
#define NC_CLI_COMMAND_H

#include <stdint.h>

#include "novacron/abi.h"

/*
 * What a command is: one const descriptor at the end of the file that does it. Finding it, parsing
 * its words and flags, help and completion are made from the descriptor alone.
 */
typedef struct nc_cli nc_cli;

typedef enum nc_flag_type {
	NC_FLAG_SWITCH,   /* there or not */
	NC_FLAG_TEXT,     /* anything */
	NC_FLAG_WORD,     /* one of choices */
	NC_FLAG_INT,      /* min … max (both 0: from 0) */
	NC_FLAG_DURATION, /* 30s, 5m: microseconds */
	NC_FLAG_SIZE,     /* 2G, 512M: MiB; a bare number is MiB */
	NC_FLAG_NAME      /* a name or id of `kind` */
} nc_flag_type;

typedef struct nc_flag {
	const char *name;  /* without its dashes; NULL ends a table */
	const char *value; /* what help calls its value; NULL = a switch */
	const char *doc;
	const char *const *choices; /* NC_FLAG_WORD, NULL-ended */
	const char *kind;           /* NC_FLAG_NAME: whose names complete it */
	const char *field; /* member of the request's body, or filter of a list, that it fills */
	int64_t min, max;
	uint8_t type; /* nc_flag_type */
	uint8_t is_list;
	char letter; /* -o */
} nc_flag;

typedef enum nc_arity { NC_ARG_ONE, NC_ARG_MAYBE, NC_ARG_SOME, NC_ARG_ANY } nc_arity;

#define NC_OWN_KIND "" /* nc_arg.kind: the kind that the command was called with */
typedef struct nc_arg {
	const char *name; /* "VM"; NULL ends a table */
	const char *kind; /* whose names complete it, NC_OWN_KIND, or NULL */
	const char *const *choices;
	nc_arity arity; /* SOME and ANY only last */
} nc_arg;

/* Flags that many commands share, by group: nc_cmd.uses. Those of NC_USES_ALL need not be asked
 * for. */
enum {
	NC_USES_ALL = 1 << 0,     /* --help, --socket, --no-color */
	NC_USES_OUTPUT = 1 << 1,  /* -o */
	NC_USES_PROJECT = 1 << 2, /* --project */
	NC_USES_CHANGE = 1 << 3,  /* --dry-run, --idempotency-key, --if-match */
	NC_USES_WAIT = 1 << 4,    /* --wait, --timeout */
	NC_USES_YES = 1 << 5,     /* --yes */
	NC_USES_PAGES = 1 << 6,   /* --limit, --all, --cursor */
	NC_USES_FILTER = 1 << 7,  /* --status, --label, --sort, … */
	NC_USES_BODY = 1 << 8     /* -f, --set */
};

#define NC_ARGS_MAX 3
#define NC_ANY_KIND "KIND" /* first word of a path: the name of any kind */

typedef struct nc_cmd {
	const char *path; /* "vm create" */
	const char *doc;  /* one line, lower case */
	const char *more; /* what help adds: lines, examples; or NULL */
	nc_arg args[NC_ARGS_MAX + 1];
	const nc_flag *flags; /* its own, ended by a NULL name; or NULL */
	unsigned uses;
	unsigned verb;        /* of a command of every kind: the NC_CAN_* it needs; 0 = reading */
	const char *verb_arg; /* what a shared run function does: the action "start" */
	/* NC_OK, or what went wrong. What it prints goes through cli/output.h. */
	nc_code (*run)(nc_cli *c, nc_error *err);
} nc_cmd;

#endif
