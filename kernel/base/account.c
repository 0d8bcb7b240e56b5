/* SPDX-License-Identifier: Apache-2.0 */
#include "base/account.h"

#include <errno.h>
#include <grp.h>

#include "base/alloc.h"

/* Groups by name. One with many members needs room, and how much is found by trying. */

#define ROOM_LEAST (4u << 10)
#define ROOM_MOST  (4u << 20)

int nc_group_find(const char *name, gid_t *ret)
{
	for (size_t room = ROOM_LEAST; room <= ROOM_MOST; room *= 4) {
		struct group g, *found = NULL;
		_cleanup_(nc_freep) char *buf = nc_malloc(room);
		int e = buf ? getgrnam_r(name, &g, buf, room, &found) : ENOMEM;
		if (found)
			*ret = found->gr_gid;
		if (e != ERANGE)
			return found ? 0 : -1;
	}
	return -1;
}
