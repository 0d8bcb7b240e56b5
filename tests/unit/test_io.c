/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

/* Files read whole and replaced as one. */

static size_t count_entries(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;
	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void a_file_is_read_up_to_its_limit(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("read");
	nc_error err = NC_ERROR_INIT;
	static char text[10001];
	memset(text, 'r', sizeof(text) - 1);
	nc_test_write(path, text);
	_cleanup_(nc_freep) char *got = NULL;
	size_t len = 0;
	CHECK_OK(nc_file_read(path, 10000, &got, &len, &err), &err);
	CHECK_UINT(len, 10000);
	CHECK(got && strcmp(got, text) == 0);
	char *none = NULL;
	len = 5;
	CHECK_CODE(nc_file_read(path, 9999, &none, &len, &err), NC_E_INVAL);
	CHECK(!none && len == 5);
	CHECK_HAS(err.message, "larger than 9999 bytes");
	CHECK_CODE(nc_file_read(path, 0, &none, &len, &err), NC_E_INVAL);
}

static void files_without_a_size_are_read_whole(void)
{
	_cleanup_(nc_freep) char *got = NULL;
	nc_error err = NC_ERROR_INIT;
	size_t len = 0;
	CHECK_OK(nc_file_read("/proc/self/status", 1 << 20, &got, &len, &err), &err);
	CHECK(len > 100);
	CHECK_HAS(got, "VmRSS");
}

static void an_empty_file_is_an_empty_text(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("empty");
	_cleanup_(nc_freep) char *got = NULL;
	nc_test_write(path, "");
	CHECK_OK(nc_file_read(path, 0, &got, NULL, NULL), NULL);
	CHECK_STR(got, "");
}

static void a_missing_file_is_not_found_by_name(void)
{
	char *got = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_CODE(nc_file_read("/nowhere/at all", 10, &got, NULL, &err), NC_E_NOTFOUND);
	CHECK_STR(err.message, "could not open /nowhere/at all: No such file or directory");
	CHECK_INT(err.native, ENOENT);
	CHECK(!got);
	CHECK(nc_file_read("/", 10, &got, NULL, &err) != NC_OK);
}

static void a_replaced_file_has_its_mode_and_leaves_no_litter(void)
{
	_cleanup_(nc_freep) char *dir = nc_test_path("replace");
	_cleanup_(nc_freep) char *path = nc_test_path("replace/file");
	_cleanup_(nc_freep) char *got = NULL;
	nc_error err = NC_ERROR_INIT;
	struct stat st;
	mode_t former = umask(0077);
	CHECK_OK(nc_mkdir_p(dir, 0700, &err), &err);
	CHECK_OK(nc_file_replace(path, 0644, nc_str("one"), &err), &err);
	CHECK_OK(nc_file_replace(path, 0640, nc_str("two"), &err), &err);
	umask(former);
	CHECK_OK(nc_file_read(path, 100, &got, NULL, &err), &err);
	CHECK_STR(got, "two");
	CHECK_INT(stat(path, &st), 0);
	CHECK_UINT(st.st_mode & 07777, 0640);
	CHECK_UINT(count_entries(dir), 1);
}

static void a_replace_that_fails_leaves_the_old_file(void)
{
	_cleanup_(nc_freep) char *dir = nc_test_path("keep");
	_cleanup_(nc_freep) char *path = nc_test_path("keep/dir");
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_mkdir_p(path, 0700, &err), &err);
	CHECK(nc_file_replace(path, 0644, nc_str("x"), &err) != NC_OK);
	CHECK_HAS(err.message, "could not rename");
	CHECK_UINT(count_entries(dir), 1);
	_cleanup_(nc_freep) char *nowhere = nc_test_path("no such/file");
	CHECK_CODE(nc_file_replace(nowhere, 0644, nc_str("x"), &err), NC_E_NOTFOUND);
}

static void a_relative_name_is_synced_in_its_folder(void)
{
	char cwd[4096];
	REQUIRE(getcwd(cwd, sizeof(cwd)));
	REQUIRE(chdir(nc_test_dir()) == 0);
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_file_replace("relative", 0600, nc_str("x"), &err), &err);
	CHECK_INT(access("relative", F_OK), 0);
	CHECK_OK(nc_mkdir_p("a/b//c/", 0700, &err), &err);
	CHECK_INT(access("a/b/c", F_OK), 0);
	REQUIRE(chdir(cwd) == 0);
}

static void folders_are_made_as_deep_as_needed(void)
{
	_cleanup_(nc_freep) char *deep = nc_test_path("one/two/three");
	_cleanup_(nc_freep) char *file = nc_test_path("a-file");
	_cleanup_(nc_freep) char *below = nc_test_path("a-file/x");
	nc_error err = NC_ERROR_INIT;
	struct stat st;
	CHECK_OK(nc_mkdir_p(deep, 0750, &err), &err);
	CHECK_OK(nc_mkdir_p(deep, 0750, &err), &err);
	CHECK(stat(deep, &st) == 0 && S_ISDIR(st.st_mode));
	CHECK_OK(nc_mkdir_p("/", 0750, &err), &err);
	CHECK_OK(nc_fsync_dir(deep, &err), &err);
	nc_test_write(file, "");
	CHECK(nc_mkdir_p(file, 0750, &err) != NC_OK);
	CHECK(nc_mkdir_p(below, 0750, &err) != NC_OK);
	CHECK_HAS(err.message, "could not make folder");
	CHECK_CODE(nc_mkdir_p("", 0750, &err), NC_E_INVAL);
	CHECK(nc_fsync_dir(file, &err) != NC_OK);
}

static void an_early_end_is_a_protocol_error(void)
{
	int ends[2];
	char got[8] = "";
	nc_error err = NC_ERROR_INIT;
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	CHECK_OK(nc_write_full(ends[1], "abc", 3, &err), &err);
	CHECK_OK(nc_read_full(ends[0], got, 2, &err), &err);
	CHECK_STR(got, "ab");
	close(ends[1]);
	CHECK_CODE(nc_read_full(ends[0], got, 4, &err), NC_E_PROTO);
	CHECK_STR(err.message, "ended 3 bytes too early");
	CHECK(nc_write_full(ends[0], "x", 1, &err) != NC_OK);
	close(ends[0]);
	CHECK(nc_read_full(-1, got, 1, &err) != NC_OK);
}

static void a_full_disk_is_said(void)
{
	_cleanup_(nc_closep) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	nc_error err = NC_ERROR_INIT;
	REQUIRE(fd >= 0);
	CHECK_CODE(nc_write_full(fd, "x", 1, &err), NC_E_UNAVAILABLE);
	CHECK_INT(err.native, ENOSPC);
}

static void a_file_that_cannot_be_written_whole_leaves_the_old_one(void)
{
	_cleanup_(nc_freep) char *dir = nc_test_path("short");
	_cleanup_(nc_freep) char *path = nc_test_path("short/file");
	_cleanup_(nc_freep) char *got = NULL;
	static char big[50001];
	nc_error err = NC_ERROR_INIT;
	struct rlimit limit, former;
	memset(big, 'b', sizeof(big) - 1);
	CHECK_OK(nc_mkdir_p(dir, 0700, &err), &err);
	CHECK_OK(nc_file_replace(path, 0600, nc_str("old"), &err), &err);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &former);
	limit = (struct rlimit){ 10000, former.rlim_max };
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CHECK(nc_file_replace(path, 0600, nc_str(big), &err) != NC_OK);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &former), 0);
	signal(SIGXFSZ, SIG_DFL);
	CHECK_INT(err.native, EFBIG);
	CHECK_HAS(err.message, path);
	CHECK_OK(nc_file_read(path, 100, &got, NULL, &err), &err);
	CHECK_STR(got, "old");
	CHECK_UINT(count_entries(dir), 1);
}

static void running_out_of_memory_changes_nothing(void)
{
	_cleanup_(nc_freep) char *path = nc_test_path("torture");
	static char text[20001];
	memset(text, 't', sizeof(text) - 1);
	nc_test_write(path, text);
	nc_code rc = NC_OK;
	NC_TORTURE(rc)
	{
		_cleanup_(nc_freep) char *got = NULL;
		size_t len = 3;
		rc = nc_file_read(path, 30000, &got, &len, NULL);
		CHECK(rc == NC_OK ? len == 20000 : !got && len == 3);
	}
	_cleanup_(nc_freep) char *deep = nc_test_path("t/u");
	NC_TORTURE(rc)
	rc = nc_mkdir_p(deep, 0700, NULL);
	NC_TORTURE(rc)
	rc = nc_file_replace(path, 0600, nc_str("new"), NULL);
}

NC_TESTS(io){
	T(a_file_is_read_up_to_its_limit),
	T(files_without_a_size_are_read_whole),
	T(an_empty_file_is_an_empty_text),
	T(a_missing_file_is_not_found_by_name),
	T(a_replaced_file_has_its_mode_and_leaves_no_litter),
	T(a_replace_that_fails_leaves_the_old_file),
	T(a_relative_name_is_synced_in_its_folder),
	T(folders_are_made_as_deep_as_needed),
	T(an_early_end_is_a_protocol_error),
	T(a_full_disk_is_said),
	T(a_file_that_cannot_be_written_whole_leaves_the_old_one),
	T(running_out_of_memory_changes_nothing),
};
