/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/io.h"
#include "plugin/elf.h"
#include "plugin/manifest.h"
#include "plugin/verify.h"
#include "testing.h"

/* A plugin's folder that each test bends in one way. */
typedef struct folder {
	char *path;
	nc_manifest *m;
} folder;

static void write_file(const char *dir, const char *name, const char *text, mode_t mode)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	nc_test_write(path, text);
	CHECK(chmod(path, mode) == 0);
}

static int make(folder *f, const char *name)
{
	char text[2048], code[65], extra[65], lib[4096];
	f->m = NULL;
	f->path = nc_test_path(name);
	snprintf(lib, sizeof(lib), "%s/lib", f->path);
	CHECK(mkdir(f->path, 0755) == 0 && mkdir(lib, 0755) == 0);
	write_file(f->path, "lib/plugin.so", "code", 0555);
	write_file(f->path, "notes.txt", "extra", 0444);
	nc_sha256_hex(nc_str("code"), code);
	nc_sha256_hex(nc_str("extra"), extra);
	snprintf(text, sizeof(text),
		"{\"schema\":1,\"id\":\"test.folder\",\"version\":\"1\",\"abi\":{\"major\":1,"
		"\"min_minor\":0},\"platform\":{\"os\":\"linux\",\"arch\":\"x86_64\"},"
		"\"entry\":\"lib/plugin.so\",\"provides\":[],\"files\":{"
		"\"lib/plugin.so\":{\"sha256\":\"%s\",\"size\":4,\"mode\":\"0555\"},"
		"\"notes.txt\":{\"sha256\":\"%s\",\"size\":5,\"mode\":\"0444\"}}}",
		code, extra);
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_manifest_parse(nc_str(text), &f->m, &err), &err);
	return f->m != NULL;
}

static void drop(folder *f)
{
	nc_manifest_free(f->m);
	nc_free(f->path);
}

static nc_code verify(const folder *f, uid_t uid, int *ret_memfd, nc_error *err)
{
	_cleanup_(nc_closep) int dir_fd = -1;
	nc_code rc = nc_verify_folder(f->path, uid, &dir_fd, err);
	return rc == NC_OK ? nc_verify_files(dir_fd, f->m, uid, ret_memfd, err) : rc;
}

static void refuses(const folder *f, nc_code code, const char *says)
{
	nc_error err = NC_ERROR_INIT;
	int memfd = -1;
	CHECK_CODE(verify(f, geteuid(), &memfd, &err), code);
	CHECK_HAS(err.message, says);
	CHECK_INT(memfd, -1);
}

static void the_verified_bytes_come_back_sealed(void)
{
	folder f;
	nc_error err = NC_ERROR_INIT;
	int memfd = -1;
	char got[8] = "";
	if (make(&f, "whole")) {
		CHECK_OK(verify(&f, geteuid(), &memfd, &err), &err);
		CHECK(pread(memfd, got, sizeof(got), 0) == 4);
		CHECK_STR(got, "code");
		CHECK(pwrite(memfd, "evil", 4, 0) < 0 && errno == EPERM);
		CHECK(ftruncate(memfd, 0) < 0);
		CHECK(fcntl(memfd, F_GETFD) & FD_CLOEXEC);
		/* What happens to the file afterwards does not matter. */
		write_file(f.path, "lib/plugin.so", "evil", 0555);
		CHECK(pread(memfd, got, sizeof(got), 0) == 4);
		CHECK_STR(got, "code");
		close(memfd);
	}
	drop(&f);
}

static void a_changed_byte_a_changed_size_or_a_lost_file_is_refused(void)
{
	folder f;
	if (make(&f, "changed")) {
		write_file(f.path, "lib/plugin.so", "cod3", 0555);
		refuses(&f, NC_E_DENIED, "has the hash");
		write_file(f.path, "lib/plugin.so", "code+", 0555);
		refuses(&f, NC_E_DENIED, "has 5 bytes, its manifest says 4");
		write_file(f.path, "lib/plugin.so", "code", 0555);
		write_file(f.path, "notes.txt", "extrA", 0444);
		refuses(&f, NC_E_DENIED, "notes.txt");
		char path[4096];
		snprintf(path, sizeof(path), "%s/notes.txt", f.path);
		CHECK(unlink(path) == 0);
		refuses(&f, NC_E_NOTFOUND, "notes.txt");
	}
	drop(&f);
}

static void files_others_may_write_or_that_are_set_id_are_refused(void)
{
	folder f;
	static const mode_t modes[] = { 0575, 0557, 04555, 02555 };
	if (make(&f, "modes"))
		for (size_t i = 0; i < NC_LEN(modes); i++) {
			write_file(f.path, "lib/plugin.so", "code", modes[i]);
			refuses(&f, NC_E_DENIED, "not safe to load from");
		}
	drop(&f);
}

static void rights_that_the_manifest_does_not_give_are_refused(void)
{
	folder f;
	int memfd = -1;
	if (make(&f, "rights")) {
		write_file(f.path, "notes.txt", "extra", 0544);
		refuses(&f, NC_E_DENIED, "notes.txt has mode 0544, its manifest says 0444");
		write_file(f.path, "notes.txt", "extra", 0445);
		refuses(&f, NC_E_DENIED, "notes.txt has mode 0445, its manifest says 0444");
		/* Fewer do no harm, nor does what its owner could give himself. */
		write_file(f.path, "notes.txt", "extra", 0600);
		write_file(f.path, "lib/plugin.so", "code", 0755);
		CHECK_CODE(verify(&f, geteuid(), &memfd, NULL), NC_OK);
		close(memfd);
	}
	drop(&f);
}

static void folders_others_may_write_are_refused_up_to_the_root(void)
{
	folder f;
	char *above = nc_test_path("above");
	CHECK(mkdir(above, 0755) == 0);
	if (make(&f, "above/plugin")) {
		int memfd = -1;
		CHECK(chmod(f.path, 0775) == 0);
		refuses(&f, NC_E_DENIED, "not safe");
		CHECK(chmod(f.path, 0755) == 0 && chmod(above, 0777) == 0);
		refuses(&f, NC_E_DENIED, "above");
		CHECK(chmod(above, 01777) == 0); /* sticky: names in it are its owners' */
		CHECK_CODE(verify(&f, geteuid(), &memfd, NULL), NC_OK);
		close(memfd);
	}
	drop(&f);
	nc_free(above);
}

static void links_are_not_followed(void)
{
	folder f;
	char path[4096], away[4096];
	if (make(&f, "links")) {
		snprintf(path, sizeof(path), "%s/notes.txt", f.path);
		snprintf(away, sizeof(away), "%s/away.txt", f.path);
		CHECK(rename(path, away) == 0 && symlink("away.txt", path) == 0);
		refuses(&f, NC_E_DENIED, "symbolic link");
		CHECK(unlink(path) == 0 && rename(away, path) == 0);
		snprintf(path, sizeof(path), "%s/lib", f.path);
		snprintf(away, sizeof(away), "%s/real", f.path);
		CHECK(rename(path, away) == 0 && symlink("real", path) == 0);
		refuses(&f, NC_E_DENIED, "symbolic link");
		CHECK(unlink(path) == 0);
		CHECK(mkdir(path, 0755) == 0 && mkfifo(strcat(path, "/plugin.so"), 0644) == 0);
		refuses(&f, NC_E_INVAL, "not a regular file");
	}
	drop(&f);
}

static void a_stranger_s_files_are_refused(void)
{
	folder f;
	nc_error err = NC_ERROR_INIT;
	int memfd = -1;
	if (geteuid() != 0)
		return; /* only root can give files away */
	if (make(&f, "stranger")) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/lib/plugin.so", f.path);
		CHECK(chown(path, 12345, 12345) == 0);
		CHECK_CODE(verify(&f, 0, &memfd, &err), NC_E_DENIED);
		CHECK_HAS(err.message, "owner 12345");
		CHECK_HAS(err.hint, "belong to root and");
		nc_err_clear(&err);
		CHECK_CODE(verify(&f, 12346, &memfd, &err), NC_E_DENIED);
		CHECK_HAS(err.hint, "belong to root or to uid 12346");
		nc_err_clear(&err);
		CHECK_CODE(verify(&f, 12345, &memfd, &err), NC_OK); /* a daemon of that user */
		nc_closep(&memfd);
		CHECK(chown(path, 0, 0) == 0 && chown(f.path, 12345, 12345) == 0);
		refuses(&f, NC_E_DENIED, "owner 12345");
	}
	drop(&f);
}

static void small_files_are_read_within_their_limit(void)
{
	folder f;
	char *text = NULL;
	size_t n = 0;
	if (make(&f, "read")) {
		_cleanup_(nc_closep) int dir_fd = -1;
		CHECK_CODE(nc_verify_folder(f.path, geteuid(), &dir_fd, NULL), NC_OK);
		CHECK_CODE(
			nc_verify_read(dir_fd, "notes.txt", geteuid(), 5, &text, &n, NULL), NC_OK);
		CHECK_STR(text, "extra");
		nc_free(text);
		CHECK_CODE(nc_verify_read(dir_fd, "notes.txt", geteuid(), 4, &text, &n, NULL),
			NC_E_INVAL);
		CHECK(nc_verify_read(dir_fd, "../read/notes.txt", geteuid(), 9, &text, &n, NULL) !=
			NC_OK);
		CHECK(nc_verify_read(dir_fd, "/etc/passwd", geteuid(), 1 << 20, &text, &n, NULL) !=
			NC_OK);
	}
	drop(&f);
}

/* ---- exports ---- */

static char *read_all(const char *path, size_t *ret_n)
{
	char *text = NULL;
	nc_error err = NC_ERROR_INIT;
	CHECK_OK(nc_file_read(path, 64 << 20, &text, ret_n, &err), &err);
	return text;
}

static void exports_are_read_from_the_dynamic_segment(void)
{
	static const struct {
		const char *plugin, *extra;
		int has_v1;
	} cases[] = { { "good", "", 1 }, { "extra_symbol", "helper_that_got_out", 1 },
		{ "no_entry", "", 0 }, { "two_majors", "", 1 }, { "future_major", "", 0 } };
	for (size_t i = 0; i < NC_LEN(cases); i++) {
		nc_elf_exports e;
		nc_error err = NC_ERROR_INIT;
		char path[4096];
		size_t n = 0;
		snprintf(path, sizeof(path), NC_TEST_PLUGINS "/%s/lib/plugin.so", cases[i].plugin);
		_cleanup_(nc_freep) char *image = read_all(path, &n);
		REQUIRE(image != NULL);
		CHECK_OK(nc_elf_read_exports((nc_bytes){ image, n }, &e, &err), &err);
		CHECK_STR(e.extra_names, cases[i].extra);
		CHECK_UINT(e.n_extra, cases[i].extra[0] != 0);
		CHECK_INT(e.has_v1, cases[i].has_v1);
	}
}

/* Cut anywhere, or with any byte of its heads changed, it is refused or read, but never overrun. */
static void a_broken_object_is_never_overrun(void)
{
	size_t n = 0;
	nc_elf_exports e;
	_cleanup_(nc_freep) char *image = read_all(NC_TEST_PLUGINS "/good/lib/plugin.so", &n);
	REQUIRE(image != NULL);
	for (size_t cut = 0; cut < n; cut += cut < 4096 ? 1 : 997) {
		char *part = nc_memdup(image, cut ? cut : 1);
		REQUIRE(part != NULL);
		(void)nc_elf_read_exports((nc_bytes){ part, cut }, &e, NULL);
		nc_free(part);
	}
	for (size_t at = 0; at < 4096 && at < n; at++) {
		static const unsigned char wrong[] = { 0x00, 0x7f, 0x80, 0xff };
		char was = image[at];
		for (size_t i = 0; i < NC_LEN(wrong); i++) {
			image[at] = (char)wrong[i];
			(void)nc_elf_read_exports((nc_bytes){ image, n }, &e, NULL);
		}
		image[at] = was;
	}
	CHECK_CODE(nc_elf_read_exports((nc_bytes){ image, n }, &e, NULL), NC_OK);
}

static void verifying_survives_every_failed_allocation(void)
{
	folder f;
	nc_code rc = NC_OK;
	if (make(&f, "torture"))
		NC_TORTURE(rc)
		{
			int memfd = -1;
			rc = verify(&f, geteuid(), &memfd, NULL);
			CHECK((rc == NC_OK) == (memfd >= 0));
			nc_closep(&memfd);
		}
	drop(&f);
}

static void looking_survives_every_failed_allocation(void)
{
	folder f;
	nc_code rc = NC_OK;
	if (make(&f, "torture2")) {
		_cleanup_(nc_closep) int dir_fd = -1;
		_cleanup_(nc_freep) char *path = nc_asprintf("%s/notes.txt", f.path);
		char first[65] = "";
		CHECK_OK(nc_verify_folder(f.path, geteuid(), &dir_fd, NULL), NULL);
		NC_TORTURE(rc)
		{
			_cleanup_(nc_freep) char *text = NULL;
			size_t len = 77;
			rc = nc_verify_read(dir_fd, "notes.txt", geteuid(), 100, &text, &len, NULL);
			CHECK(rc == NC_OK ? len == 5 : !text && len == 77);
		}
		NC_TORTURE(rc)
		{
			char stamp[65] = "";
			rc = nc_verify_stamp(dir_fd, f.m, geteuid(), stamp, NULL);
			if (rc == NC_OK && !first[0])
				memcpy(first, stamp, sizeof(first));
			CHECK_STR(stamp, rc == NC_OK ? first : "");
		}
		NC_TORTURE(rc)
		{
			_cleanup_(nc_closep) int fd = -1;
			rc = nc_verify_path(path, geteuid(), &fd, NULL);
			CHECK((rc == NC_OK) == (fd >= 0));
		}
	}
	drop(&f);
}

NC_TESTS(plugin_verify){
	T(the_verified_bytes_come_back_sealed),
	T(a_changed_byte_a_changed_size_or_a_lost_file_is_refused),
	T(files_others_may_write_or_that_are_set_id_are_refused),
	T(rights_that_the_manifest_does_not_give_are_refused),
	T(folders_others_may_write_are_refused_up_to_the_root),
	T(links_are_not_followed),
	T(a_stranger_s_files_are_refused),
	T(small_files_are_read_within_their_limit),
	T(exports_are_read_from_the_dynamic_segment),
	T(a_broken_object_is_never_overrun),
	T(verifying_survives_every_failed_allocation),
	T(looking_survives_every_failed_allocation),
};
