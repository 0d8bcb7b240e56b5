/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Filling nc_error, which has no heap, so it works out of memory. Texts may hold what a user or a
 * plugin wrote: they are kept to one line and cut between UTF-8 characters. Any thread, on the
 * caller's struct.
 */

enum { TEXT_MAX = sizeof(((nc_error *)0)->message) };
_Static_assert(sizeof(((nc_error *)0)->hint) == TEXT_MAX, "message and hint are alike");

/* Drops the bytes of a character whose end was cut off. */
static void drop_partial(char *text)
{
	size_t len = strlen(text), start = len;
	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return;
	unsigned char lead = (unsigned char)text[start - 1];
	size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (len - (start - 1) < want)
		text[start - 1] = '\0';
}

static void tidy(char text[TEXT_MAX])
{
	text[TEXT_MAX - 1] = '\0';
	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	}
	drop_partial(text);
}

nc_printf(2, 0) static void format(char text[TEXT_MAX], const char *fmt, va_list ap)
{
	if (vsnprintf(text, TEXT_MAX, fmt, ap) < 0)
		text[0] = '\0';
	tidy(text);
}

/* As much of s as there is room for. */
static void append(char text[TEXT_MAX], const char *s)
{
	size_t len = strlen(text);
	size_t n = NC_MIN(strlen(s), TEXT_MAX - 1 - len);
	memcpy(text + len, s, n);
	text[len + n] = '\0';
}

static void start(nc_error *err, nc_code code, const char text[TEXT_MAX])
{
	*err = (nc_error){ .struct_size = sizeof(*err), .code = code };
	memcpy(err->message, text, TEXT_MAX);
}

nc_code nc_err(nc_error *err, nc_code code, const char *fmt, ...)
{
	if (!err)
		return code;
	char text[TEXT_MAX] = { 0 }; /* apart: an argument may point into err */
	va_list ap;
	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	start(err, code, text);
	return code;
}

typedef struct errno_row {
	int errnum;
	nc_code code;
	const char *hint;
} errno_row;

static const errno_row errno_rows[] = {
	{ ENOSPC, NC_E_UNAVAILABLE, "free space on that file system, then try again" },
	{ EDQUOT, NC_E_UNAVAILABLE, "raise the disk quota of this user or free space" },
	{ EROFS, NC_E_UNAVAILABLE, "the file system is mounted read-only; remount it writable" },
	{ EACCES, NC_E_DENIED, "check owner and mode of the path and of its folders" },
	{ EPERM, NC_E_DENIED, NULL },
	{ ENOENT, NC_E_NOTFOUND, NULL },
	{ ENOTDIR, NC_E_NOTFOUND, NULL },
	{ EEXIST, NC_E_EXISTS, NULL },
	{ ENAMETOOLONG, NC_E_INVAL, NULL },
	{ ELOOP, NC_E_INVAL, NULL },
	{ EISDIR, NC_E_INVAL, NULL },
	{ ENOMEM, NC_E_NOMEM, NULL },
	{ ETIMEDOUT, NC_E_TIMEOUT, NULL },
	{ EBUSY, NC_E_BUSY, NULL },
	{ EAGAIN, NC_E_UNAVAILABLE, NULL },
	{ EMFILE, NC_E_UNAVAILABLE, "raise the limit of open files of this process" },
	{ ENFILE, NC_E_UNAVAILABLE, "raise the limit of open files of this machine" },
	{ ECONNREFUSED, NC_E_UNAVAILABLE, NULL },
	{ ECONNRESET, NC_E_UNAVAILABLE, NULL },
	{ EPIPE, NC_E_UNAVAILABLE, NULL },
};

static errno_row errno_find(int errnum)
{
	for (size_t i = 0; i < NC_LEN(errno_rows); i++) {
		if (errno_rows[i].errnum == errnum)
			return errno_rows[i];
	}
	return (errno_row){ errnum, NC_E_INTERNAL, NULL };
}

nc_code nc_err_errno(nc_error *err, int errnum, const char *fmt, ...)
{
	errno_row row = errno_find(errnum);
	if (!err)
		return row.code;
	char text[TEXT_MAX] = { 0 };
	va_list ap;
	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	char reason[128];
	const char *why = strerror_r(errnum, reason, sizeof(reason));
	/* A long message gives way, not the reason. */
	text[TEXT_MAX - 1 - NC_MIN(strlen(why) + 2, sizeof(reason))] = '\0';
	drop_partial(text);
	append(text, ": ");
	append(text, why);
	tidy(text);
	start(err, row.code, text);
	err->native = errnum;
	if (row.hint)
		snprintf(err->hint, sizeof(err->hint), "%s", row.hint);
	return row.code;
}

nc_code nc_err_nomem(nc_error *err)
{
	return nc_err(err, NC_E_NOMEM, "out of memory");
}

nc_code nc_err_hint(nc_error *err, nc_code code, const char *fmt, ...)
{
	if (!err)
		return code;
	char text[TEXT_MAX] = { 0 };
	va_list ap;
	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	memcpy(err->hint, text, TEXT_MAX);
	return code;
}

nc_code nc_err_wrap(nc_error *err, nc_code code, const char *fmt, ...)
{
	if (!err)
		return code;
	char text[TEXT_MAX] = { 0 };
	va_list ap;
	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	if (err->message[0]) {
		append(text, ": ");
		append(text, err->message);
	}
	tidy(text);
	memcpy(err->message, text, TEXT_MAX);
	return code;
}

void nc_err_copy(nc_error *dst, const nc_error *src)
{
	if (!dst || dst == src)
		return;
	if (!src) {
		nc_err_clear(dst);
		return;
	}
	*dst = *src;
	dst->struct_size = sizeof(*dst);
	/* src may come from a plugin: its texts may lack their end */
	dst->domain[sizeof(dst->domain) - 1] = '\0';
	tidy(dst->message);
	tidy(dst->hint);
}

void nc_err_clear(nc_error *err)
{
	if (err)
		*err = (nc_error)NC_ERROR_INIT;
}

static const char *const code_names[] = {
	[NC_OK] = "ok",
	[-NC_E_INVAL] = "invalid",
	[-NC_E_NOTFOUND] = "not_found",
	[-NC_E_EXISTS] = "exists",
	[-NC_E_BUSY] = "busy",
	[-NC_E_DENIED] = "denied",
	[-NC_E_QUOTA] = "quota",
	[-NC_E_UNAVAILABLE] = "unavailable",
	[-NC_E_TIMEOUT] = "timeout",
	[-NC_E_CANCELLED] = "cancelled",
	[-NC_E_UNSUPPORTED] = "unsupported",
	[-NC_E_CONFLICT] = "conflict",
	[-NC_E_NOMEM] = "no_memory",
	[-NC_E_PROTO] = "protocol",
	[-NC_E_INTERNAL] = "internal",
};

const char *nc_code_name(nc_code code)
{
	if (code > NC_OK || code < NC_E_INTERNAL)
		return "internal";
	return code_names[-code];
}

int nc_code_parse(const char *name, nc_code *ret)
{
	for (size_t i = 0; i < NC_LEN(code_names); i++) {
		if (strcmp(code_names[i], name) == 0) {
			*ret = -(nc_code)i;
			return 0;
		}
	}
	return -1;
}
