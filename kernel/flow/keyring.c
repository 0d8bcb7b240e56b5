/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key file and the keys derived from it. From each line two keys are derived, one that seals
 * and one for digests; the digest key is always that of the oldest line ever, kept as a line of its
 * own ("digest …"), so that a digest doesn't change when the sealing key does.
 */
#include "flow/keyring.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/io.h"
#include "base/secret.h"

#define KEY_LEN  32
#define FILE_MAX 4096

struct nc_keyring {
	pthread_mutex_t ring_lock; /* guards all below but path */
	char *path;
	uint8_t master[NC_KEYS_MAX][KEY_LEN];
	size_t n;
	uint8_t digest_master[KEY_LEN];
	char ids[NC_KEYS_MAX][17]; /* first half of a hash: names a key, tells nothing of it */
};

void nc_keyring_free(nc_keyring *k)
{
	if (!k)
		return;
	pthread_mutex_destroy(&k->ring_lock);
	nc_free(k->path);
	nc_zero(k, sizeof(*k));
	nc_free(k);
}

static void name_keys(nc_keyring *k)
{
	for (size_t i = 0; i < k->n; i++) {
		uint8_t mac[32];
		nc_hmac_sha256((nc_bytes){ k->master[i], KEY_LEN }, nc_str("id"), mac);
		nc_hex(mac, 8, k->ids[i]);
	}
}

/* ---- the file ---- */

static nc_code bad_line(const char *path, unsigned line, nc_error *err)
{
	nc_err(err, NC_E_INVAL, "key file %s, line %u: not a key of 64 hex digits", path, line);
	return nc_err_hint(err, NC_E_INVAL,
		"put the right file back; without it the stored secrets can't be opened");
}

static nc_code parse(nc_keyring *k, char *text, nc_error *err)
{
	unsigned line = 0;
	int has_digest = 0;

	for (char *save = NULL, *s = strtok_r(text, "\n", &save); s;
		s = strtok_r(NULL, "\n", &save)) {
		line++;
		int is_digest = !strncmp(s, "digest ", 7);
		const char *hex = is_digest ? s + 7 : s;
		if (strlen(hex) != 2 * KEY_LEN || (!is_digest && k->n == NC_KEYS_MAX))
			return bad_line(k->path, line, err);
		uint8_t *to = is_digest ? k->digest_master : k->master[k->n];
		if (nc_unhex(hex, 2 * KEY_LEN, to) < 0)
			return bad_line(k->path, line, err);
		has_digest |= is_digest;
		k->n += !is_digest;
	}
	if (!k->n)
		return bad_line(k->path, line, err);
	if (!has_digest)
		memcpy(k->digest_master, k->master[k->n - 1], KEY_LEN);
	return NC_OK;
}

static nc_code check_mode(const char *path, nc_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return nc_err_errno(err, errno, "could not look at key file %s", path);
	if (!(st.st_mode & 077))
		return NC_OK;
	nc_err(err, NC_E_DENIED, "key file %s can be read by others (mode %03o)", path,
		(unsigned)(st.st_mode & 0777));
	return nc_err_hint(err, NC_E_DENIED, "chmod 600 %s, and rotate the key", path);
}

static nc_code save(nc_keyring *k, nc_error *err)
{
	char text[FILE_MAX], hex[2 * KEY_LEN + 1];
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++) {
		nc_hex(k->master[i], KEY_LEN, hex);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n", hex);
	}
	nc_hex(k->digest_master, KEY_LEN, hex);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "digest %s\n", hex);
	nc_code rc = nc_file_replace(k->path, 0600, (nc_bytes){ text, n }, err);
	nc_zero(text, sizeof(text));
	nc_zero(hex, sizeof(hex));
	return rc;
}

static nc_code read_or_make(nc_keyring *k, nc_error *err)
{
	char *text = NULL;
	size_t len = 0;

	if (access(k->path, F_OK) < 0 && errno == ENOENT) {
		nc_random_bytes(k->master[0], KEY_LEN);
		memcpy(k->digest_master, k->master[0], KEY_LEN);
		k->n = 1;
		return save(k, err);
	}
	nc_code rc = check_mode(k->path, err);
	if (rc == NC_OK)
		rc = nc_file_read(k->path, FILE_MAX, &text, &len, err);
	if (rc != NC_OK)
		return rc;
	rc = parse(k, text, err);
	nc_zero(text, len);
	nc_free(text);
	return rc;
}

nc_code nc_keyring_open(const char *path, nc_keyring **ret, nc_error *err)
{
	nc_keyring *fresh = nc_calloc(1, sizeof(*fresh));

	if (!fresh)
		return nc_err_nomem(err);
	pthread_mutex_init(&fresh->ring_lock, NULL);
	_cleanup_(nc_keyring_freep) nc_keyring *k = fresh;
	k->path = nc_strdup(path);
	if (!k->path)
		return nc_err_nomem(err);
	nc_code rc = read_or_make(k, err);
	if (rc != NC_OK)
		return rc;
	name_keys(k);
	*ret = nc_steal(&k);
	return NC_OK;
}

/* ---- use ---- */

size_t nc_keyring_get(nc_keyring *k, nc_seal_key out[NC_KEYS_MAX])
{
	pthread_mutex_lock(&k->ring_lock);
	size_t n = k->n;
	for (size_t i = 0; i < n; i++) {
		nc_bytes master = { k->master[i], KEY_LEN };
		out[i].id = k->ids[i];
		nc_hmac_sha256(master, nc_str("novacron seal 1"), out[i].seal);
		nc_hmac_sha256((nc_bytes){ k->digest_master, KEY_LEN }, nc_str("novacron digest 1"),
			out[i].digest);
	}
	pthread_mutex_unlock(&k->ring_lock);
	return n;
}

nc_code nc_keyring_rotate(nc_keyring *k, nc_error *err)
{
	nc_code rc = NC_OK;

	pthread_mutex_lock(&k->ring_lock);
	if (k->n == NC_KEYS_MAX) {
		rc = nc_err(err, NC_E_BUSY, "%d keys are in use already", NC_KEYS_MAX);
		nc_err_hint(err, rc, "let the last rotation finish first");
	} else {
		memmove(k->master[1], k->master[0], k->n * KEY_LEN);
		nc_random_bytes(k->master[0], KEY_LEN);
		k->n++;
		rc = save(k, err);
		if (rc != NC_OK) { /* the file is as it was, and so are we */
			k->n--;
			memmove(k->master[0], k->master[1], k->n * KEY_LEN);
		}
		name_keys(k);
	}
	pthread_mutex_unlock(&k->ring_lock);
	return rc;
}

nc_code nc_keyring_retire(nc_keyring *k, nc_error *err)
{
	pthread_mutex_lock(&k->ring_lock);
	size_t n = k->n;
	k->n = 1;
	nc_code rc = save(k, err);
	if (rc != NC_OK)
		k->n = n;
	pthread_mutex_unlock(&k->ring_lock);
	return rc;
}
