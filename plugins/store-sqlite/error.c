/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the system and of SQLite as nc_error, each with what the operator can do. The tables
 * below are the whole translation. No state, any thread; must never show a value's bytes.
 */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DOMAIN "store-sqlite"

static const char hint_space[] =
	"Free space on the disk that holds the store; nothing of this call was kept.";
static const char hint_access[] =
	"Make the store's folder and files writable by the daemon's user, on a disk mounted "
	"read-write; reads go on.";
static const char hint_disk[] = "Check the disk and the kernel's log for I/O errors; the store "
				"opens anew at the next lead.";
static const char hint_damage[] =
	"Run `novacron state check`; restore the last backup if records are lost.";

/* Failures of the system that mean nothing was written, and how they are told. */
static const struct system_error {
	int errnum;
	const char *hint;
} system_errors[] = {
	{ ENOSPC, hint_space },
	{ EDQUOT, hint_space },
	{ EFBIG, hint_space },
	{ EROFS, hint_access },
	{ EACCES, hint_access },
	{ EPERM, hint_access },
};

static const struct sqlite_error {
	int rc;
	nc_code code;
	uint32_t flags;
	const char *hint;
} sqlite_errors[] = {
	{ SQLITE_FULL, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE, hint_space },
	{ SQLITE_IOERR, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE, hint_disk },
	{ SQLITE_READONLY, NC_E_UNAVAILABLE, 0, hint_access },
	{ SQLITE_CANTOPEN, NC_E_UNAVAILABLE, 0, hint_access },
	{ SQLITE_PERM, NC_E_UNAVAILABLE, 0, hint_access },
	{ SQLITE_AUTH, NC_E_UNAVAILABLE, 0, hint_access },
	{ SQLITE_CORRUPT, NC_E_PROTO, 0, hint_damage },
	{ SQLITE_NOTADB, NC_E_PROTO, 0, hint_damage },
	{ SQLITE_NOMEM, NC_E_NOMEM, NC_ERR_RETRYABLE,
		"Give the daemon more memory or smaller store caches." },
	{ SQLITE_BUSY, NC_E_BUSY, NC_ERR_RETRYABLE,
		"Close whatever else has the store's files open." },
	{ SQLITE_LOCKED, NC_E_BUSY, NC_ERR_RETRYABLE,
		"Close whatever else has the store's files open." },
	{ SQLITE_PROTOCOL, NC_E_BUSY, NC_ERR_RETRYABLE,
		"Close whatever else has the store's files open." },
	{ SQLITE_TOOBIG, NC_E_INVAL, 0, "Write less in one call." },
	{ SQLITE_INTERRUPT, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
		"The store went out of use meanwhile; try again." },
};

static const char *system_hint(int errnum)
{
	for (size_t i = 0; i < SS_LEN(system_errors); i++) {
		if (system_errors[i].errnum == errnum)
			return system_errors[i].hint;
	}
	return NULL;
}

nc_code ss_fail(nc_error *err, nc_code code, const char *hint, const char *fmt, ...)
{
	if (!err)
		return code;
	err->code = code;
	err->native = 0;
	err->flags = 0;
	err->retry_after_ms = 0;
	snprintf(err->domain, sizeof(err->domain), "%s", DOMAIN);
	snprintf(err->hint, sizeof(err->hint), "%s", hint ? hint : "");
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, args);
	va_end(args);
	return code;
}

nc_code ss_fail_nomem(nc_error *err, const char *doing)
{
	ss_fail(err, NC_E_NOMEM, "Give the daemon more memory or smaller store caches.",
		"could not %s: out of memory", doing);
	if (err)
		err->flags = NC_ERR_RETRYABLE;
	return NC_E_NOMEM;
}

/* The system's words with a small first letter, as our messages are written. */
static void system_text(int errnum, char *out, size_t cap)
{
	char buf[128];
	const char *text = strerror_r(errnum, buf, sizeof(buf));
	snprintf(out, cap, "%s", text);
	if (out[0] >= 'A' && out[0] <= 'Z' && !(out[1] >= 'A' && out[1] <= 'Z'))
		out[0] = (char)(out[0] - 'A' + 'a');
}

nc_code ss_fail_errno(nc_error *err, int errnum, const char *doing, const char *path)
{
	char text[128];
	system_text(errnum, text, sizeof(text));
	const char *hint = system_hint(errnum);
	ss_fail(err, NC_E_UNAVAILABLE, hint ? hint : hint_disk, "could not %s \"%.160s\": %s",
		doing, path, text);
	if (err) {
		err->native = errnum;
		err->flags = NC_ERR_RETRYABLE;
	}
	return NC_E_UNAVAILABLE;
}

static const struct sqlite_error *find_sqlite_error(int rc)
{
	for (size_t i = 0; i < SS_LEN(sqlite_errors); i++) {
		if (sqlite_errors[i].rc == (rc & 0xff))
			return &sqlite_errors[i];
	}
	static const struct sqlite_error other = { 0, NC_E_INTERNAL, 0, hint_damage };
	return &other;
}

static int file_errno(sqlite3_file *f)
{
	int errnum = 0;
	if (f && f->pMethods)
		f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &errnum);
	return errnum;
}

/* sqlite3_system_errno knows only of opening; of the rest the two files do. */
static int find_errno(sqlite3 *db, int rc)
{
	sqlite3_file *file = NULL, *wal = NULL;
	if ((rc & 0xff) == SQLITE_FULL || rc == SQLITE_IOERR_SHMSIZE)
		return ENOSPC;
	if ((rc & 0xff) == SQLITE_CANTOPEN)
		return sqlite3_system_errno(db);
	if ((rc & 0xff) != SQLITE_IOERR)
		return 0;
	sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	bool is_write = rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_FSYNC;
	int first = file_errno(is_write ? wal : file);
	return first ? first : file_errno(is_write ? file : wal);
}

nc_code ss_fail_db(nc_error *err, sqlite3 *db, const char *doing, const char *path)
{
	int rc = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
	int errnum = db ? find_errno(db, rc) : 0;
	const struct sqlite_error *e = find_sqlite_error(rc);
	const char *hint = errnum ? system_hint(errnum) : NULL;
	char text[128];
	if (errnum)
		system_text(errnum, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s",
			rc == SQLITE_ERROR ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
	ss_fail(err, e->code, hint ? hint : e->hint, "could not %s in \"%.160s\": %s", doing, path,
		text);
	if (err) {
		err->native = errnum;
		err->flags = e->flags;
	}
	return e->code;
}

bool ss_is_refusal(const nc_error *err)
{
	return err->code == NC_E_UNAVAILABLE && system_hint(err->native) != NULL;
}

bool ss_is_damage(int rc)
{
	switch (rc) {
	case SQLITE_IOERR_READ:
	case SQLITE_IOERR_SHORT_READ:
	case SQLITE_IOERR_DATA:
	case SQLITE_IOERR_CORRUPTFS:
		return true;
	default:
		return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
	}
}

/*
 * The commit mark is in the last frame a COMMIT writes, so a write that was refused outright
 * leaves none. Of anything else (a sync that failed, an error after the frames were written, or
 * one this list does not know) nothing can be said.
 */
bool ss_is_outcome_unknown(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
	case SQLITE_BUSY:
	case SQLITE_READONLY:
		return false;
	case SQLITE_IOERR:
		return rc != SQLITE_IOERR_WRITE || !system_hint(find_errno(db, rc));
	default:
		return true;
	}
}
