/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "cli/args.h"
#include "cli/complete.h"
#include "cli/find.h"

/* A command line, its words ended by NUL: found, parsed or refused with a reason; and completed. */

enum { ARGV_MAX = 24, ARENA_BYTES = 4 << 20 };

static void no_names(void *ctx, const nc_kind *kind, nc_completion *to)
{
	(void)ctx;
	(void)kind;
	(void)to;
}

static void check_parse(int argc, char *const *argv)
{
	_cleanup_(nc_arena_freep) nc_arena *a = nc_arena_new(ARENA_BYTES);
	uint8_t is_path[ARGV_MAX] = { 0 };
	nc_error err = NC_ERROR_INIT;
	nc_words w;
	nc_found found;
	nc_args args;
	nc_words_of(argc, argv, &w);
	nc_find_command(w.list, w.n, &found);
	if (!found.cmd) {
		if (w.n > 0)
			nc_assert(nc_unknown_command(w.list, w.n, &err) != NC_OK);
		return;
	}
	for (size_t i = 0; i < found.n_words; i++)
		is_path[w.at[i]] = 1;
	if (nc_args_parse(found.cmd, argc, argv, is_path, a, &args, &err) != NC_OK) {
		nc_assert(err.message[0]);
		return;
	}
	for (size_t i = 0; i < args.n_given; i++)
		(void)nc_args_has(&args, args.given[i].flag->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[1024];
	char *argv[ARGV_MAX];
	int argc = 0;
	if (size >= sizeof(text))
		return 0;
	_cleanup_(nc_buf_done) nc_buf out;
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && argc < ARGV_MAX; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	check_parse(argc, argv);
	nc_buf_init(&out, 1 << 20);
	nc_complete(argc, argv, no_names, NULL, &out);
	nc_assert(!nc_buf_failed(&out));
	return 0;
}
