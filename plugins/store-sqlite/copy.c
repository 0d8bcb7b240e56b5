/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A consistent copy of one database while others write to it. In one step: small steps start
 * over whenever someone writes, for ever under load. Threads: the connection's.
 */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

static nc_code copy_pages(ss_conn *c, sqlite3 *to, const char *path, nc_error *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", c->db, "main");
	if (!b)
		return ss_fail_db(err, to, "copy the store", path);
	sqlite3_backup_step(b, -1);
	/* Gives the failure of the step, whichever side it was on, and leaves it in `to`. */
	if (sqlite3_backup_finish(b) != SQLITE_OK)
		return ss_fail_db(err, to, "copy the store", path);
	return NC_OK;
}

nc_code ss_copy_db(ss_conn *c, const char *path, nc_error *err)
{
	_cleanup_(ss_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return ss_fail(
			err, NC_E_EXISTS, "Move it away.", "\"%.200s\" is there already", path);
	if (fd < 0)
		return ss_fail_errno(err, errno, "create", path);
	sqlite3 *to = NULL;
	nc_code code = NC_OK;
	if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
			SQLITE_OK ||
		sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL,
			NULL) != SQLITE_OK)
		code = ss_fail_db(err, to, "copy the store", path);
	if (code == NC_OK)
		code = copy_pages(c, to, path, err);
	sqlite3_close(to);
	if (code != NC_OK)
		unlink(path);
	return code;
}
