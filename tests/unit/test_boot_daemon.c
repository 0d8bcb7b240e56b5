/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/secret.h"
#include "boot/daemon.h"

/* The whole daemon with its store in this process: what it tells the service manager, and that a
 * start which can't have its n-th thread ends in an error or in a daemon, never in a crash. */

static atomic_int threads_left; /* the one that makes it 0 is not to be had */

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg)
{
	if (atomic_load(&threads_left) > 0 && atomic_fetch_sub(&threads_left, 1) == 1)
		return EAGAIN;
	return __real_pthread_create(t, a, fn, arg);
}

typedef struct world {
	nc_config_holder *holder;
	nc_daemon *d;
} world;

static int set_up(world *w)
{
	_cleanup_(nc_freep) char *file = nc_test_path("config.yaml");
	_cleanup_(nc_freep) nc_config_report *report = nc_calloc(1, sizeof(*report));
	const char *files[] = { file };
	const char *dir = nc_test_dir();
	nc_error err = NC_ERROR_INIT;
	char text[4096];

	snprintf(text, sizeof(text),
		"system: {node_id: test, data_dir: '%s/data', run_dir: '%s'}\n"
		"server: {socket_group: '', socket_path: '%s/s'}\n"
		"logging: {file: '%s/log'}\n"
		"plugins: {path: ['%s'], state_dir: '%s/plugins'}\n",
		dir, dir, dir, dir, NC_TEST_PLUGINS, dir);
	nc_test_write(file, text);
	*w = (world){ .holder = NULL };
	if (!CHECK_OK(nc_seal_init(&err), &err) ||
		!CHECK_OK(nc_config_holder_new(files, 1, NULL, &w->holder, report, &err), &err))
		return 0;
	return CHECK_OK(nc_daemon_new(w->holder, NULL, &w->d, &err), &err);
}

static void tear_down(world *w)
{
	nc_daemon_free(w->d);
	nc_config_holder_free(w->holder);
}

/* ---- the service manager ---- */

static int listen_at(const char *name, socklen_t len)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path, name, len);
	CHECK(bind(fd, (struct sockaddr *)&at, (socklen_t)(sizeof(at.sun_family) + len)) == 0);
	return fd;
}

/* What was told since the last look, with a space between; datagrams are there when sent. */
static const char *heard(int fd, char *text, size_t cap)
{
	size_t len = 0;

	*text = '\0';
	for (ssize_t n; (n = recv(fd, text + len, cap - len - 2, 0)) > 0;) {
		len += (size_t)n;
		text[len++] = ' ';
		text[len] = '\0';
	}
	return text;
}

static int is_served(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("s");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	int is = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	close(fd);
	return is;
}

static void live_and_be_heard(int fd)
{
	nc_error err = NC_ERROR_INIT;
	char text[256];
	world w;

	REQUIRE(set_up(&w));
	CHECK_STR(heard(fd, text, sizeof(text)), "");
	CHECK_OK(nc_daemon_start(w.d, NULL, &err), &err);
	CHECK_STR(heard(fd, text, sizeof(text)), "READY=1 ");
	CHECK(is_served());
	CHECK_OK(nc_daemon_reload(w.d, NULL, &err), &err);
	CHECK_STR(heard(fd, text, sizeof(text)), "RELOADING=1 READY=1 ");
	nc_daemon_stop(w.d);
	CHECK_STR(heard(fd, text, sizeof(text)), "STOPPING=1 ");
	CHECK(!is_served());
	tear_down(&w);
}

static void the_service_manager_hears_of_ready_reload_and_end(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("notify");
	int fd = listen_at(path, (socklen_t)strlen(path));

	setenv("NOTIFY_SOCKET", path, 1);
	live_and_be_heard(fd);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}

static void its_socket_may_have_an_abstract_name(void)
{
	char name[64], env[64];

	snprintf(name, sizeof(name), "%cnovacron-test-%ld", 0, (long)getpid());
	snprintf(env, sizeof(env), "@%s", name + 1);
	int fd = listen_at(name, (socklen_t)strlen(env));
	setenv("NOTIFY_SOCKET", env, 1);
	live_and_be_heard(fd);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}

static int always(void)
{
	return 1;
}

static void a_start_that_is_given_up_never_says_ready(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("notify2");
	int fd = listen_at(path, (socklen_t)strlen(path));
	nc_error err = NC_ERROR_INIT;
	char text[256];
	world w;

	setenv("NOTIFY_SOCKET", path, 1);
	REQUIRE(set_up(&w));
	CHECK_CODE(nc_daemon_start(w.d, always, &err), NC_E_CANCELLED);
	CHECK_STR(heard(fd, text, sizeof(text)), "");
	tear_down(&w);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}

/* ---- too few threads ---- */

/* Whether it was one too few. */
static int live_without_thread(int n)
{
	nc_error err = NC_ERROR_INIT;
	world w;

	if (!set_up(&w))
		return 0;
	atomic_store(&threads_left, n);
	nc_code rc = nc_daemon_start(w.d, NULL, &err);
	int was_missed = atomic_exchange(&threads_left, 0) == 0;
	if (rc == NC_OK) {
		CHECK(is_served());
		nc_daemon_stop(w.d);
	} else {
		CHECK(was_missed);
		CHECK(*err.message);
	}
	CHECK(!is_served());
	tear_down(&w);
	return was_missed;
}

static void a_start_short_of_any_thread_ends_in_an_error_or_a_daemon(void)
{
	int n = 1;

	while (n < 200 && live_without_thread(n))
		n++;
	CHECK(n > 10 && n < 200);
}

NC_TESTS(boot_daemon){ T(the_service_manager_hears_of_ready_reload_and_end),
	T(its_socket_may_have_an_abstract_name), T(a_start_that_is_given_up_never_says_ready),
	T(a_start_short_of_any_thread_ends_in_an_error_or_a_daemon) };
