/* SPDX-License-Identifier: Apache-2.0 */
#include "store/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/io.h"

/*
 * Reading and writing the key file. Text passes through one buffer on the stack, which is wiped
 * before it goes. No key is ever in an error or a log line; a key's id is.
 */

enum { RAW_LEN = 32, TEXT_MAX = 1024 };
static const char first_line[] = "novacron-keys 1";

void nc_keyfile_done(nc_keyfile *r)
{
	nc_secret_free(r->digest);
	for (uint32_t i = 0; i < r->n; i++)
		nc_secret_free(r->keys[i].raw);
	*r = (nc_keyfile){ .n = 0 };
}

static nc_secret *random_secret(void)
{
	uint8_t raw[RAW_LEN];
	nc_random_bytes(raw, sizeof(raw));
	nc_secret *s = nc_secret_new((nc_bytes){ raw, sizeof(raw) });
	nc_zero(raw, sizeof(raw));
	return s;
}

nc_code nc_keyfile_key_make(nc_keyfile_key *ret, nc_error *err)
{
	uint8_t id[NC_KEYFILE_ID_LEN / 2];
	nc_keyfile_key k = { .raw = random_secret() };
	if (!k.raw)
		return nc_err_nomem(err);
	nc_random_bytes(id, sizeof(id));
	nc_hex(id, sizeof(id), k.id);
	*ret = k;
	return NC_OK;
}

nc_code nc_keyfile_make(nc_keyfile *ret, const char *installation, nc_error *err)
{
	nc_keyfile r = { .digest = random_secret() };
	nc_code code = r.digest ? nc_keyfile_key_make(&r.keys[0], err) : nc_err_nomem(err);
	if (code != NC_OK) {
		nc_keyfile_done(&r);
		return code;
	}
	r.n = 1;
	snprintf(r.installation, sizeof(r.installation), "%s", installation);
	*ret = r;
	return NC_OK;
}

/* ---- reading ---- */

static nc_code open_file(const char *path, int *ret_fd, size_t *ret_len, nc_error *err)
{
	struct stat st;
	_cleanup_(nc_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not open key file %s", path);
	if (fstat(fd, &st) != 0)
		return nc_err_errno(err, errno, "could not look at key file %s", path);
	if (!S_ISREG(st.st_mode) || st.st_size >= TEXT_MAX)
		return nc_err(err, NC_E_PROTO, "%s is not a key file", path);
	if (st.st_mode & 077) {
		nc_err(err, NC_E_DENIED, "key file %s can be used by others (mode %04o)", path,
			(unsigned)st.st_mode & 07777);
		return nc_err_hint(err, NC_E_DENIED, "chmod 600 %s", path);
	}
	*ret_len = (size_t)st.st_size;
	*ret_fd = nc_steal_fd(&fd);
	return NC_OK;
}

static nc_secret *take_hex(const char *hex)
{
	uint8_t raw[RAW_LEN];
	nc_secret *s = NULL;
	if (strlen(hex) == 2 * RAW_LEN && nc_unhex(hex, 2 * RAW_LEN, raw) == 0)
		s = nc_secret_new((nc_bytes){ raw, sizeof(raw) });
	nc_zero(raw, sizeof(raw));
	return s;
}

static int take_key(nc_keyfile *r, char *words)
{
	uint8_t id[NC_KEYFILE_ID_LEN / 2];
	char *hex = strchr(words, ' ');
	if (!hex || r->n == NC_KEYFILE_KEYS_MAX)
		return -1;
	*hex++ = '\0';
	if (strlen(words) != NC_KEYFILE_ID_LEN || nc_unhex(words, NC_KEYFILE_ID_LEN, id) != 0)
		return -1;
	nc_keyfile_key k = { .raw = take_hex(hex) };
	if (!k.raw)
		return -1;
	memcpy(k.id, words, sizeof(k.id));
	r->keys[r->n++] = k;
	return 0;
}

/* 0, 1 at the end, or -1. */
static int take_line(nc_keyfile *r, char *line)
{
	static const char installation[] = "installation ", digest[] = "digest ", key[] = "key ";
	if (strcmp(line, "end") == 0)
		return 1;
	if (strncmp(line, key, sizeof(key) - 1) == 0)
		return take_key(r, line + sizeof(key) - 1);
	if (strncmp(line, digest, sizeof(digest) - 1) == 0 && !r->digest) {
		r->digest = take_hex(line + sizeof(digest) - 1);
		return r->digest ? 0 : -1;
	}
	if (strncmp(line, installation, sizeof(installation) - 1) != 0)
		return -1;
	const char *ulid = line + sizeof(installation) - 1;
	if (!nc_ulid_is(ulid, strlen(ulid)))
		return -1;
	memcpy(r->installation, ulid, sizeof(r->installation));
	return 0;
}

static int parse(nc_keyfile *r, char *text)
{
	int rc = 0, is_first = 1;
	char *rest = text, *line;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
		rc = is_first ? -(strcmp(line, first_line) != 0) : take_line(r, line);
		is_first = 0;
	}
	return rc == 1 && r->n > 0 && r->digest && r->installation[0] ? 0 : -1;
}

/* One bare key, which gets an id, and a digest key beside it. */
static int parse_bare(nc_keyfile *r, char *text)
{
	size_t len = strlen(text);
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	nc_keyfile_key k = { .raw = take_hex(text) };
	if (!k.raw)
		return -1;
	uint8_t id[NC_KEYFILE_ID_LEN / 2];
	nc_random_bytes(id, sizeof(id));
	nc_hex(id, sizeof(id), k.id);
	r->keys[r->n++] = k;
	r->digest = random_secret();
	return r->digest ? 0 : -1;
}

static int parse_any(nc_keyfile *r, char *text)
{
	int is_named = strncmp(text, first_line, sizeof(first_line) - 1) == 0;
	return is_named ? parse(r, text) : parse_bare(r, text);
}

nc_code nc_keyfile_load(nc_keyfile *ret, const char *path, nc_error *err)
{
	char text[TEXT_MAX] = { 0 };
	size_t len = 0;
	_cleanup_(nc_closep) int fd = -1;
	nc_keyfile r = { .n = 0 };
	uint64_t failures = nc_alloc_failures();
	nc_code code = open_file(path, &fd, &len, err);
	if (code == NC_OK)
		code = nc_read_full(fd, text, len, err);
	if (code == NC_OK && parse_any(&r, text) != 0)
		code = nc_alloc_failures() != failures
			       ? nc_err_nomem(err)
			       : nc_err(err, NC_E_PROTO, "%s is not a whole key file", path);
	nc_zero(text, sizeof(text));
	if (code == NC_OK)
		*ret = r;
	else
		nc_keyfile_done(&r);
	return code;
}

/* ---- writing ---- */

static void put_hex(nc_buf *b, const nc_secret *s)
{
	char hex[2 * RAW_LEN + 1];
	nc_hex(nc_secret_get(s).ptr, RAW_LEN, hex);
	nc_buf_puts(b, hex);
	nc_buf_putc(b, '\n');
	nc_zero(hex, sizeof(hex));
}

/* The keys that a replaced file held must not stay readable on the disk, as far as one can. */
static void wipe_replaced(int fd)
{
	static const char zeros[TEXT_MAX];
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_nlink > 0) /* somebody keeps it by that name */
		return;
	if (pwrite(fd, zeros, (size_t)NC_MIN(st.st_size, (off_t)TEXT_MAX), 0) > 0)
		(void)fdatasync(fd);
}

nc_code nc_keyfile_save(const nc_keyfile *r, const char *path, nc_error *err)
{
	char text[TEXT_MAX];
	nc_buf b;
	nc_buf_init_fixed(&b, text, sizeof(text));
	nc_buf_printf(&b, "%s\ninstallation %s\ndigest ", first_line, r->installation);
	put_hex(&b, r->digest);
	for (uint32_t i = 0; i < r->n; i++) {
		nc_buf_printf(&b, "key %s ", r->keys[i].id);
		put_hex(&b, r->keys[i].raw);
	}
	nc_buf_puts(&b, "end\n");
	nc_assert(!nc_buf_failed(&b));
	_cleanup_(nc_closep) int old = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	nc_code code = nc_file_replace(path, 0600, nc_buf_bytes(&b), err);
	if (code == NC_OK)
		wipe_replaced(old);
	nc_zero(text, sizeof(text));
	return code == NC_OK ? NC_OK : nc_err_wrap(err, code, "could not write key file");
}
