/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_corrupt FOLDER WHAT: flips a bit of what a closed SQLite store holds, behind its back.
 * WHAT is log:SEQ, kv:SPACE:HEXKEY, or page:FILE:NUMBER (the page's bytes become noise).
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *open_file(const char *dir, const char *name)
{
	char path[4096];
	sqlite3 *db = NULL;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(db));
		exit(1);
	}
	return db;
}

/* Runs `read`, flips a bit of the value it gives, and hands that to `write`. */
static int flip(sqlite3 *db, const char *read, const char *write, int64_t number,
	const uint8_t *key, int key_len)
{
	sqlite3_stmt *r = NULL, *w = NULL;
	int rc = 1;
	if (sqlite3_prepare_v2(db, read, -1, &r, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(db, write, -1, &w, NULL) != SQLITE_OK)
		goto done;
	sqlite3_bind_int64(r, 1, number);
	sqlite3_bind_int64(w, 1, number);
	if (key) {
		sqlite3_bind_blob(r, 2, key, key_len, SQLITE_STATIC);
		sqlite3_bind_blob(w, 2, key, key_len, SQLITE_STATIC);
	}
	if (sqlite3_step(r) != SQLITE_ROW)
		goto done;
	int n = sqlite3_column_bytes(r, 0);
	uint8_t *bytes = malloc((size_t)n + 1);
	if (!bytes)
		goto done;
	if (n)
		memcpy(bytes, sqlite3_column_blob(r, 0), (size_t)n);
	else
		bytes[n++] = 0; /* an empty value grows by a byte */
	bytes[n / 2] ^= 0x10;
	sqlite3_reset(r);
	sqlite3_bind_blob(w, 3, bytes, n, free);
	rc = sqlite3_step(w) == SQLITE_DONE && sqlite3_changes(db) == 1 ? 0 : 1;
done:
	if (rc)
		fprintf(stderr, "%s\n", sqlite3_errmsg(db));
	sqlite3_finalize(r);
	sqlite3_finalize(w);
	return rc;
}

static int corrupt_record(const char *dir, const char *what)
{
	sqlite3 *db = open_file(dir, "log.db");
	int rc = flip(db, "SELECT data FROM rec WHERE seq = ?1",
		"UPDATE rec SET data = ?3 WHERE seq = ?1", strtoll(what, NULL, 10), NULL, 0);
	sqlite3_close(db);
	return rc;
}

static int corrupt_value(const char *dir, const char *what)
{
	char *hex = NULL;
	uint8_t key[256];
	int n = 0;
	long space = strtol(what, &hex, 10);
	unsigned byte;
	for (hex++; n < 256 && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		key[n++] = (uint8_t)byte;
	sqlite3 *db = open_file(dir, "state.db");
	int rc = flip(db, "SELECT val FROM kv WHERE space = ?1 AND key = ?2",
		"UPDATE kv SET val = ?3 WHERE space = ?1 AND key = ?2", space, key, n);
	sqlite3_close(db);
	return rc;
}

static int64_t page_size(const char *dir, const char *name)
{
	sqlite3 *db = open_file(dir, name);
	sqlite3_stmt *st = NULL;
	int64_t size = 0;
	/* Everything into the file, so that the page is read from there. */
	sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (sqlite3_prepare_v2(db, "PRAGMA page_size", -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW)
		size = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return size;
}

static int corrupt_page(const char *dir, const char *what)
{
	char name[32], path[4096];
	long page = 0;
	if (sscanf(what, "%31[^:]:%ld", name, &page) != 2 || page < 1)
		return 2;
	int64_t size = page_size(dir, name);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "r+b");
	if (!f || fseek(f, (page - 1) * (long)size, SEEK_SET) < 0)
		return 1;
	for (int64_t i = 0; i < size; i++)
		fputc((int)(i * 7 + 0x5a) & 0xff, f);
	return fclose(f) ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *prefix;
		int (*run)(const char *dir, const char *what);
	} kinds[] = { { "log:", corrupt_record }, { "kv:", corrupt_value },
		{ "page:", corrupt_page } };
	for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].prefix);
		if (!strncmp(argv[2], kinds[i].prefix, n))
			return kinds[i].run(argv[1], argv[2] + n);
	}
	fprintf(stderr, "usage: store_corrupt FOLDER log:SEQ|kv:SPACE:HEXKEY|page:FILE:NUMBER\n");
	return 2;
}
