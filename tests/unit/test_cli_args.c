/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/args.h"
#include "cli/cmd/all.h"
#include "testing.h"

enum { ARGV_MAX = 32 };

typedef struct parsed {
	nc_arena *arena;
	nc_args args;
	nc_error err;
	nc_code rc;
} parsed;

/* The line without the command's own words. */
static parsed parse(const nc_cmd *cmd, const char *line)
{
	static char text[512];
	static char *argv[ARGV_MAX];
	static const uint8_t is_path[ARGV_MAX];
	int argc = 0;
	parsed p = { .arena = nc_arena_new(1u << 20), .err = NC_ERROR_INIT };
	snprintf(text, sizeof(text), "%s", line);
	for (char *save = NULL, *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(w, "EMPTY") != 0 ? w : w + 5;
	p.rc = nc_args_parse(cmd, argc, argv, is_path, p.arena, &p.args, &p.err);
	return p;
}

static void done(parsed *p)
{
	nc_arena_free(p->arena);
}

static void words_and_flags_may_stand_in_any_order(void)
{
	parsed p = parse(&nc_cmd_vm_create,
		"--vcpus 4 web-1 --memory=2G -ojson --disk 10 --disk 20,pool=x --wait");
	CHECK_OK(p.rc, &p.err);
	CHECK_UINT(p.args.n_words, 1);
	CHECK_STR(nc_args_word(&p.args, 0), "web-1");
	CHECK_INT(nc_args_num(&p.args, "vcpus", -1), 4);
	CHECK_INT(nc_args_num(&p.args, "memory", -1), 2048);
	CHECK_INT(nc_args_num(&p.args, "limit", -1), -1);
	CHECK_STR(nc_args_str(&p.args, "output"), "json");
	CHECK(nc_args_has(&p.args, "wait"));
	CHECK(!nc_args_has(&p.args, "yes"));
	size_t it = 0;
	CHECK_STR(nc_args_next(&p.args, "disk", &it), "10");
	CHECK_STR(nc_args_next(&p.args, "disk", &it), "20,pool=x");
	CHECK(!nc_args_next(&p.args, "disk", &it));
	done(&p);
}

static void two_dashes_end_the_flags(void)
{
	parsed p = parse(&nc_cmd_kind_show, "-o=yaml -- --odd-name");
	CHECK_OK(p.rc, &p.err);
	CHECK_STR(nc_args_word(&p.args, 0), "--odd-name");
	CHECK_STR(nc_args_str(&p.args, "output"), "yaml");
	done(&p);
}

static void a_value_may_begin_with_a_dash(void)
{
	parsed p = parse(&nc_cmd_kind_list, "--sort -created_at -l a=b -l c=d");
	CHECK_OK(p.rc, &p.err);
	CHECK_STR(nc_args_str(&p.args, "sort"), "-created_at");
	done(&p);
}

static void check_refused(
	const nc_cmd *cmd, const char *line, const char *message, const char *hint)
{
	parsed p = parse(cmd, line);
	CHECK_CODE(p.rc, NC_E_INVAL);
	CHECK_HAS(p.err.message, message);
	CHECK_HAS(p.err.hint, hint);
	CHECK_UINT(p.args.n_given, 0); /* untouched */
	done(&p);
}

static void what_can_not_be_used_is_refused_with_a_hint(void)
{
	const nc_cmd *vm = &nc_cmd_vm_create;
	check_refused(vm, "x --vcpu 1", "there is no flag --vcpu here", "did you mean --vcpus?");
	check_refused(vm, "x --zzzzzz", "there is no flag --zzzzzz", "novacron vm create --help");
	check_refused(vm, "x -q", "there is no flag -q", "");
	check_refused(vm, "x --vcpus", "--vcpus needs a value: N", "");
	check_refused(vm, "x --vcpus many", "--vcpus: \"many\" is not a whole number", "");
	check_refused(vm, "x --vcpus 0", "0 is out of its range", "from 1 to 4096");
	check_refused(vm, "x --vcpus 99999999999999999999", "out of its range", "from 1 to 4096");
	check_refused(vm, "x --memory 2X", "is not a size", "");
	check_refused(vm, "x --timeout soon", "is not a time", "");
	check_refused(vm, "x --wait=yes", "--wait takes no value", "");
	check_refused(vm, "x --host EMPTY", "is not a name", "");
	check_refused(vm, "x --vcpus 1 --vcpus 2", "--vcpus is given twice", "");
	check_refused(vm, "x -o tabel", "there is no \"tabel\"", "did you mean \"table\"?");
	check_refused(vm, "x -o q", "there is no \"q\"", "it is one of: table, json");
	check_refused(vm, "x y", "vm create: what is \"y\"?", "--help");
	check_refused(&nc_cmd_vm_start, "", "vm start needs VM", "--help");
	check_refused(&nc_cmd_vm_start, "EMPTY", "VM is empty", "");
	check_refused(&nc_cmd_quota_set, "default", "needs RESOURCE=LIMIT", "--help");
	check_refused(&nc_cmd_completion, "tcsh", "SHELL: there is no \"tcsh\"", "bash, zsh, fish");
}

static void flags_of_groups_that_a_command_does_not_use_are_unknown(void)
{
	check_refused(&nc_cmd_version, "--wait", "there is no flag --wait", "");
	check_refused(&nc_cmd_vm_start, "x --yes", "there is no flag --yes", "");
}

static void lists_take_as_many_words_as_there_are(void)
{
	parsed p = parse(&nc_cmd_quota_set, "team-a vcpus=1 vms=2 memory=3G");
	CHECK_OK(p.rc, &p.err);
	CHECK_UINT(p.args.n_words, 4);
	CHECK_STR(nc_args_word(&p.args, 3), "memory=3G");
	CHECK(!nc_args_word(&p.args, 4));
	done(&p);
}

static void a_call_without_memory_is_refused(void)
{
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		parsed p = { .arena = nc_arena_new(1u << 20), .err = NC_ERROR_INIT };
		char word[] = "x";
		char *const argv[] = { word };
		const uint8_t is_path[] = { 0 };
		rc = p.arena ? nc_args_parse(
				       &nc_cmd_vm_start, 1, argv, is_path, p.arena, &p.args, &p.err)
			     : NC_E_NOMEM;
		nc_arena_free(p.arena);
	}
}

NC_TESTS(cli_args){
	T(words_and_flags_may_stand_in_any_order),
	T(two_dashes_end_the_flags),
	T(a_value_may_begin_with_a_dash),
	T(what_can_not_be_used_is_refused_with_a_hint),
	T(flags_of_groups_that_a_command_does_not_use_are_unknown),
	T(lists_take_as_many_words_as_there_are),
	T(a_call_without_memory_is_refused),
};
