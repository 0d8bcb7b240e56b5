/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Locals that release themselves, and the assertion. */

static void a_descriptor_closes_with_its_scope(void)
{
	int kept;
	{
		_cleanup_(nc_closep) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		REQUIRE(fd >= 0);
		kept = fd;
		errno = EXDEV;
	}
	CHECK_INT(errno, EXDEV);
	CHECK_INT(fcntl(kept, F_GETFD), -1);
	int none = -1;
	nc_closep(&none);
	CHECK_INT(errno, EBADF);
}

static void steal_leaves_nothing_behind(void)
{
	char *p = nc_strdup("x");
	char *q = nc_steal(&p);
	CHECK(p == NULL);
	CHECK_STR(q, "x");
	nc_free(q);
	int fd = 7;
	CHECK_INT(nc_steal_fd(&fd), 7);
	CHECK_INT(fd, -1);
}

static void assert_false(void *arg)
{
	nc_assert(arg != NULL);
}

static void a_broken_assertion_aborts_and_says_where(void)
{
	CHECK(nc_test_aborts(assert_false, NULL));
	CHECK(!nc_test_aborts(assert_false, &(int){ 0 }));
}

NC_TESTS(cleanup){
	T(a_descriptor_closes_with_its_scope),
	T(steal_leaves_nothing_behind),
	T(a_broken_assertion_aborts_and_says_where),
};
