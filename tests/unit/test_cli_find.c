/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "cli/cmd/all.h"
#include "cli/find.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "testing.h"

static nc_found find(const char *const *words, size_t n)
{
	nc_found f;
	nc_find_command(words, n, &f);
	return f;
}
#define FIND(...)                                                                                  \
	find((const char *const[]){ __VA_ARGS__ },                                                 \
		sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void the_longest_path_wins_and_its_kind_comes_first(void)
{
	nc_found f = FIND("vm", "create", "web-1");
	CHECK(f.cmd == &nc_cmd_vm_create);
	CHECK_UINT(f.n_words, 2);
	CHECK(f.kind == &nc_kind_vm);
	f = FIND("zone", "create", "z");
	CHECK(f.cmd == &nc_cmd_kind_create);
	CHECK(f.kind == &nc_kind_zone);
	f = FIND("vms", "list");
	CHECK(f.cmd == &nc_cmd_vm_list);
	f = FIND("instance-types", "show", "x");
	CHECK(f.cmd == &nc_cmd_kind_show);
	CHECK(f.kind == &nc_kind_instance_type);
	f = FIND("health");
	CHECK(f.cmd == &nc_cmd_health);
}

static void words_that_are_no_command_find_nothing(void)
{
	CHECK(!FIND("vm").cmd);
	CHECK(!FIND("vm", "crate").cmd);
	CHECK(!FIND("nonsense").cmd);
	CHECK(!FIND("event", "create").cmd); /* no object of ours to make */
	CHECK(!FIND("kv", "list").cmd);      /* the kernel's own */
	CHECK(!FIND("KIND", "list").cmd);
}

static void check_unknown(
	const char *const *words, size_t n, nc_code code, const char *message, const char *hint)
{
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_unknown_command(words, n, &err), code);
	CHECK_HAS(err.message, message);
	CHECK_HAS(err.hint, hint);
}
#define UNKNOWN(code, message, hint, ...)                                                          \
	check_unknown((const char *const[]){ __VA_ARGS__ },                                        \
		sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), code, message,      \
		hint)

static void the_word_that_is_wrong_is_named_with_what_may_be_meant(void)
{
	UNKNOWN(NC_E_INVAL, "\"vm crate\"", "did you mean \"novacron vm create\"?", "vm", "crate",
		"web-1");
	UNKNOWN(NC_E_INVAL, "\"vmm\"", "did you mean \"novacron vm\"?", "vmm", "list");
	UNKNOWN(NC_E_INVAL, "\"instance-tipe\"", "did you mean \"novacron instance-type\"?",
		"instance-tipe", "list");
	UNKNOWN(NC_E_INVAL, "\"zone frobnicate\"", "novacron zone --help", "zone", "frobnicate");
	UNKNOWN(NC_E_INVAL, "\"qqqqqq\"", "novacron --help", "qqqqqq");
	UNKNOWN(NC_E_INVAL, "\"operation cancle\"", "operation cancel", "operation", "cancle",
		"op_1");
}

static void what_comes_later_says_so_and_what_to_do_today(void)
{
	UNKNOWN(NC_E_UNSUPPORTED, "novacron top", "vm list", "top");
	UNKNOWN(NC_E_UNSUPPORTED, "novacron vm rebuild", "driver", "vm", "rebuild", "x");
	UNKNOWN(NC_E_UNSUPPORTED, "novacron vm rebuild", "driver", "vms", "rebuild");
	for (const nc_later *l = nc_laters; l->path; l++)
		CHECK(*l->hint);
}

/* What every descriptor promises to the machinery that reads it. */
static void every_descriptor_is_whole(void)
{
	for (const nc_cmd *const *c = nc_commands; *c; c++) {
		const nc_cmd *cmd = *c;
		nc_flag_walk w = { .cmd = cmd };
		CHECK(cmd->path && cmd->doc && cmd->run);
		CHECK(cmd->doc[0] >= 'a' && cmd->doc[0] <= 'z');
		CHECK(cmd->doc[strlen(cmd->doc) - 1] != '.');
		for (const nc_arg *a = cmd->args; a->name; a++) {
			CHECK(!a->kind || !*a->kind || nc_kind_find(a->kind));
			CHECK(a->arity < NC_ARG_SOME || !a[1].name);
		}
		for (const nc_flag *f; (f = nc_flag_next(&w));) {
			CHECK(f->doc != NULL);
			CHECK((f->type == NC_FLAG_SWITCH) == (f->value == NULL));
			CHECK((f->type == NC_FLAG_WORD) == (f->choices != NULL));
			CHECK(!f->kind || nc_kind_find(f->kind));
			CHECK(nc_flag_find(cmd, f->name, strlen(f->name)) == f);
		}
	}
}

static void every_path_is_found_by_its_own_words(void)
{
	for (const nc_cmd *const *c = nc_commands; *c; c++) {
		char text[80];
		const char *words[NC_WORDS_MAX];
		size_t n = 0;
		snprintf(text, sizeof(text), "%s", (*c)->path);
		for (char *save = NULL, *w = strtok_r(text, " ", &save); w;
			w = strtok_r(NULL, " ", &save))
			words[n++] = strcmp(w, NC_ANY_KIND) != 0 ? w : "zone";
		CHECK(find(words, n).cmd == *c);
	}
}

static void flags_before_the_command_are_passed_over_with_their_values(void)
{
	char o[] = "-o", json[] = "json", socket[] = "--socket=/x", vm[] = "vm", list[] = "list",
	     sort[] = "--sort", name[] = "name", extra[] = "extra";
	char *const argv[] = { o, json, socket, vm, list, sort, name, extra };
	nc_words w;
	nc_words_of((int)NC_LEN(argv), argv, &w);
	CHECK_UINT(w.n, 3);
	CHECK_STR(w.list[0], "vm");
	CHECK_STR(w.list[1], "list");
	CHECK_STR(w.list[2], "extra");
	CHECK_INT(w.at[0], 3);
	CHECK_INT(w.at[2], 7);
}

static void help_names_every_command_and_flag(void)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 4u << 20);
	nc_help_docs(&b);
	CHECK(!nc_buf_failed(&b));
	for (const nc_cmd *const *c = nc_commands; *c; c++)
		CHECK_HAS(b.ptr, (*c)->path);
	nc_buf_reset(&b);
	nc_help_command(&nc_cmd_kind_list, &nc_kind_zone, &b);
	CHECK_HAS(b.ptr, "usage: novacron zone list [flags]");
	CHECK_HAS(b.ptr, "  -o, --output FORM");
	nc_buf_reset(&b);
	const char *const words[] = { "vm" };
	CHECK(nc_help_group(&nc_kind_vm, words, 1, &b) > 10);
	CHECK_HAS(b.ptr, "  vm create [NAME] ");
	CHECK_HAS(b.ptr, "  vm show NAME ");
	CHECK(!strstr(b.ptr, "make one")); /* the command of every kind gives way */
}

NC_TESTS(cli_find){
	T(the_longest_path_wins_and_its_kind_comes_first),
	T(words_that_are_no_command_find_nothing),
	T(the_word_that_is_wrong_is_named_with_what_may_be_meant),
	T(what_comes_later_says_so_and_what_to_do_today),
	T(every_descriptor_is_whole),
	T(every_path_is_found_by_its_own_words),
	T(flags_before_the_command_are_passed_over_with_their_values),
	T(help_names_every_command_and_flag),
};
