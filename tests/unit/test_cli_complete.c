/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/complete.h"
#include "testing.h"

enum { ARGV_MAX = 16 };

/* Two objects of every kind, and which kind was asked for. */
static void two_names(void *ctx, const nc_kind *kind, nc_completion *to)
{
	const nc_kind **asked = ctx;
	*asked = kind;
	nc_complete_add(to, "alpha", "running");
	nc_complete_add(to, "beta", "stopped");
}

/* The line up to the cursor; a space at its end begins a new word. */
static const nc_kind *complete(const char *line, nc_buf *out)
{
	static char text[256], empty[] = "";
	char *argv[ARGV_MAX];
	int argc = 0;
	const nc_kind *asked = NULL;
	snprintf(text, sizeof(text), "%s", line);
	for (char *save = NULL, *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	if (!*line || line[strlen(line) - 1] == ' ')
		argv[argc++] = empty;
	nc_buf_reset(out);
	nc_complete(argc, argv, two_names, &asked, out);
	return asked;
}

static void words_of_commands_are_offered_one_after_the_other(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1u << 20);
	complete("", &b);
	CHECK_HAS(b.ptr, "vm\tvirtual machines");
	CHECK_HAS(b.ptr, "instance-type\t");
	CHECK(!strstr(b.ptr, "KIND"));
	complete("vm cr", &b);
	CHECK_STR(b.ptr, "create\tcreate a VM\n");
	complete("vm ", &b);
	CHECK_HAS(b.ptr, "start\t");
	CHECK_HAS(b.ptr, "show\t");
	complete("zone ", &b);
	CHECK_HAS(b.ptr, "list\t");
	CHECK(!strstr(b.ptr, "start\t"));
	complete("nonsense ", &b);
	CHECK_STR(b.ptr, "");
}

static void no_word_is_offered_twice(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1u << 20);
	complete("vm li", &b);
	CHECK_STR(b.ptr, "list\tlist VMs\n");
	complete("proj", &b);
	CHECK_STR(b.ptr, "project\twhat belongs together\n");
}

static void names_come_from_the_server_by_kind(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1u << 20);
	CHECK(complete("vm start ", &b) == &nc_kind_vm);
	CHECK_STR(b.ptr, "alpha\trunning\nbeta\tstopped\n");
	CHECK(complete("vm start be", &b) == &nc_kind_vm);
	CHECK_STR(b.ptr, "beta\tstopped\n");
	CHECK(complete("zone delete --yes ", &b) == &nc_kind_zone);
	CHECK(complete("vm create x --host ", &b) == &nc_kind_host);
	CHECK(complete("vm create x --host=al", &b) == &nc_kind_host);
	CHECK_STR(b.ptr, "--host=alpha\trunning\n");
	CHECK(complete("quota set ", &b) == &nc_kind_project);
	CHECK(!complete("quota set default ", &b));
	CHECK(!complete("vm start x ", &b)); /* it takes no second one */
	CHECK(!complete("vm create ", &b));  /* a name of one's own */
}

static void flags_and_their_words_are_offered(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1u << 20);
	complete("vm create x --vc", &b);
	CHECK_STR(b.ptr, "--vcpus\tvirtual processors\n");
	complete("vm list -o y", &b);
	CHECK_STR(b.ptr, "yaml\t\n");
	complete("vm list --output=j", &b);
	CHECK_STR(b.ptr, "--output=json\t\n");
	complete("vm create --vcpus 4 x --run-policy m", &b);
	CHECK_STR(b.ptr, "manual\t\n");
	complete("completion z", &b);
	CHECK_STR(b.ptr, "zsh\t\n");
	complete("--so", &b);
	CHECK_HAS(b.ptr, "--socket\t");
	complete("-o json vm st", &b);
	CHECK_HAS(b.ptr, "start\t");
}

NC_TESTS(cli_complete){
	T(words_of_commands_are_offered_one_after_the_other),
	T(no_word_is_offered_twice),
	T(names_come_from_the_server_by_kind),
	T(flags_and_their_words_are_offered),
};
