/* SPDX-License-Identifier: Apache-2.0 */
#include "base/account.h"

#include <errno.h>
#include <grp.h>

#include "base/alloc.h"
#include "base/err.h"

/* Groups by name. One with many members needs room, and how much is found by trying. */

#define ROOM_LEAST (4u << 10)
#define ROOM_MOST  (4u << 20)

nc_code nc_group_find(const char *name, gid_t *ret, nc_error *err)
{
	int e = ERANGE;

	for (size_t room = ROOM_LEAST; room <= ROOM_MOST && e == ERANGE; room *= 4) {
		struct group g, *found = NULL;
		_cleanup_(nc_freep) char *buf = nc_malloc(room);
		if (!buf)
			return nc_err_nomem(err);
		e = getgrnam_r(name, &g, buf, room, &found);
		if (found) {
			*ret = found->gr_gid;
			return NC_OK;
		}
	}
	/* POSIX lets a name that is not there be told as any of these */
	if (e == 0 || e == ENOENT || e == ESRCH || e == EBADF || e == EPERM)
		return nc_err(err, NC_E_NOTFOUND, "there is no group %s", name);
	return nc_err_errno(err, e, "could not look up group %s", name);
}
