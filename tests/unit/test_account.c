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
	CHECK_OK(nc_group_find(own->gr_name, &gid, NULL), NULL);
	CHECK_UINT(gid, getgid());
}

static void an_unknown_group_changes_nothing(void)
{
	nc_error err = NC_ERROR_INIT;
	gid_t gid = 77;
	CHECK_CODE(nc_group_find("no-such-group-here", &gid, &err), NC_E_NOTFOUND);
	CHECK_HAS(err.message, "there is no group no-such-group-here");
	CHECK_CODE(nc_group_find("", &gid, NULL), NC_E_NOTFOUND);
	CHECK_UINT(gid, 77);
}

static void want_of_memory_is_not_taken_for_an_unknown_group(void)
{
	struct group *own = getgrgid(getgid());
	nc_code rc = NC_OK;
	REQUIRE(own);
	NC_TORTURE(rc)
	{
		gid_t gid = 77;
		rc = nc_group_find(own->gr_name, &gid, NULL);
		CHECK_UINT(gid, rc == NC_OK ? getgid() : 77);
	}
}

NC_TESTS(account){
	T(a_group_is_found_by_its_name),
	T(an_unknown_group_changes_nothing),
	T(want_of_memory_is_not_taken_for_an_unknown_group),
};
