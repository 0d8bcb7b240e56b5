/* SPDX-License-Identifier: Apache-2.0 */
#include "base/account.h"

#include <grp.h>
#include <unistd.h>

#include "testing.h"

static void a_group_is_found_by_its_name(void)
{
	struct group *own = getgrgid(getgid());
	gid_t gid = 77;
	REQUIRE(own);
	CHECK_INT(nc_group_find(own->gr_name, &gid), 0);
	CHECK_UINT(gid, getgid());
}

static void an_unknown_group_changes_nothing(void)
{
	gid_t gid = 77;
	CHECK_INT(nc_group_find("no-such-group-here", &gid), -1);
	CHECK_INT(nc_group_find("", &gid), -1);
	CHECK_UINT(gid, 77);
}

NC_TESTS(account){ T(a_group_is_found_by_its_name), T(an_unknown_group_changes_nothing) };
