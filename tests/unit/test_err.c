/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Errors as values. */

static void every_function_takes_null(void)
{
	CHECK_CODE(nc_err(NULL, NC_E_BUSY, "x"), NC_E_BUSY);
	CHECK_CODE(nc_err_errno(NULL, ENOENT, "x"), NC_E_NOTFOUND);
	CHECK_CODE(nc_err_nomem(NULL), NC_E_NOMEM);
	CHECK_CODE(nc_err_hint(NULL, NC_E_QUOTA, "x"), NC_E_QUOTA);
	CHECK_CODE(nc_err_wrap(NULL, NC_E_PROTO, "x"), NC_E_PROTO);
	nc_err_copy(NULL, NULL);
	nc_err_clear(NULL);
}

static void an_error_is_filled_afresh(void)
{
	nc_error e;
	memset(&e, 0xaa, sizeof(e));
	CHECK_CODE(nc_err(&e, NC_E_EXISTS, "vm \"%s\" exists", "web-1"), NC_E_EXISTS);
	CHECK_STR(e.message, "vm \"web-1\" exists");
	CHECK_STR(e.hint, "");
	CHECK_STR(e.domain, "");
	CHECK_UINT(e.struct_size, sizeof(e));
	CHECK_INT(e.native, 0);
	CHECK_UINT(e.flags, 0);
}

static void an_argument_may_lie_in_the_error(void)
{
	nc_error e = NC_ERROR_INIT;
	nc_err(&e, NC_E_INVAL, "inner");
	nc_err(&e, NC_E_BUSY, "outer: %s", e.message);
	CHECK_STR(e.message, "outer: inner");
	nc_err_wrap(&e, e.code, "%s", e.message);
	CHECK_STR(e.message, "outer: inner: outer: inner");
}

static void wrapping_keeps_all_but_the_message(void)
{
	nc_error e = NC_ERROR_INIT;
	nc_code rc = nc_err_hint(&e, nc_err(&e, NC_E_DENIED, "refused"), "ask %s", "bob");
	snprintf(e.domain, sizeof(e.domain), "kvm");
	e.native = 38;
	CHECK_CODE(nc_err_wrap(&e, rc, "host %d", 4), NC_E_DENIED);
	CHECK_STR(e.message, "host 4: refused");
	CHECK_STR(e.hint, "ask bob");
	CHECK_STR(e.domain, "kvm");
	CHECK_INT(e.native, 38);
	CHECK_CODE(e.code, NC_E_DENIED);
}

static void errno_chooses_the_code_and_ends_the_message(void)
{
	static const struct {
		int errnum;
		nc_code code;
	} rows[] = {
		{ ENOSPC, NC_E_UNAVAILABLE },
		{ EROFS, NC_E_UNAVAILABLE },
		{ EACCES, NC_E_DENIED },
		{ ENOENT, NC_E_NOTFOUND },
		{ ENOMEM, NC_E_NOMEM },
		{ ETIMEDOUT, NC_E_TIMEOUT },
		{ EXDEV, NC_E_INTERNAL },
	};
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		nc_error e = NC_ERROR_INIT;
		CHECK_CODE(nc_err_errno(&e, rows[i].errnum, "could not do %d", 1), rows[i].code);
		CHECK_CODE(e.code, rows[i].code);
		CHECK_INT(e.native, rows[i].errnum);
		CHECK_HAS(e.message, "could not do 1: ");
		CHECK_HAS(e.message, strerror(rows[i].errnum));
	}
	nc_error full = NC_ERROR_INIT;
	nc_err_errno(&full, ENOSPC, "x");
	CHECK_HAS(full.hint, "free space");
}

static void a_long_path_does_not_push_the_reason_out(void)
{
	char path[1000];
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	nc_error e = NC_ERROR_INIT;
	nc_err_errno(&e, ENOENT, "could not open %s", path);
	CHECK_HAS(e.message, ": No such file or directory");
	CHECK_UINT(strlen(e.message), sizeof(e.message) - 1);
}

static void the_reason_follows_a_whole_character(void)
{
	for (size_t pad = 0; pad < 3; pad++) {
		char path[400];
		memset(path, 'p', pad);
		for (size_t i = pad; i + 3 < sizeof(path); i += 3)
			memcpy(path + i, "\xe2\x82\xac", 4);
		nc_error e = NC_ERROR_INIT;
		nc_err_errno(&e, ENOENT, "%s", path);
		CHECK_HAS(e.message, "\xe2\x82\xac: No such file");
	}
}

static void messages_are_one_line_and_cut_between_characters(void)
{
	nc_error e = NC_ERROR_INIT;
	nc_err(&e, NC_E_INVAL, "a\nb\tc\033[1m\x7f");
	CHECK_STR(e.message, "a b c [1m ");
	for (size_t pad = 310; pad < 320; pad++) {
		char text[400];
		memset(text, 'x', pad);
		memcpy(text + pad, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 13);
		nc_err(&e, NC_E_INVAL, "%s", text);
		size_t len = strlen(e.message);
		CHECK_UINT(len, pad + (319 - pad) / 3 * 3);
	}
}

static void copying_mends_what_a_plugin_left_open(void)
{
	nc_error from, to = NC_ERROR_INIT;
	memset(&from, 'z', sizeof(from));
	from.code = NC_E_QUOTA;
	nc_err_copy(&to, &from);
	CHECK_UINT(to.struct_size, sizeof(to));
	CHECK_UINT(strlen(to.message), sizeof(to.message) - 1);
	CHECK_UINT(strlen(to.hint), sizeof(to.hint) - 1);
	CHECK_UINT(strlen(to.domain), sizeof(to.domain) - 1);
	CHECK_CODE(to.code, NC_E_QUOTA);
	nc_err_copy(&to, NULL);
	CHECK_STR(to.message, "");
	CHECK_CODE(to.code, NC_OK);
}

static void every_code_has_a_name_that_reads_back(void)
{
	for (nc_code c = NC_OK; c >= NC_E_INTERNAL; c--) {
		nc_code back = 1;
		CHECK_INT(nc_code_parse(nc_code_name(c), &back), 0);
		CHECK_INT(back, c);
	}
	nc_code kept = 77;
	CHECK_STR(nc_code_name(-1000), "internal");
	CHECK_STR(nc_code_name(5), "internal");
	CHECK_STR(nc_code_name(INT32_MIN), "internal");
	CHECK_INT(nc_code_parse("no such", &kept), -1);
	CHECK_INT(kept, 77);
}

NC_TESTS(err){
	T(every_function_takes_null),
	T(an_error_is_filled_afresh),
	T(an_argument_may_lie_in_the_error),
	T(wrapping_keeps_all_but_the_message),
	T(errno_chooses_the_code_and_ends_the_message),
	T(a_long_path_does_not_push_the_reason_out),
	T(the_reason_follows_a_whole_character),
	T(messages_are_one_line_and_cut_between_characters),
	T(copying_mends_what_a_plugin_left_open),
	T(every_code_has_a_name_that_reads_back),
};
