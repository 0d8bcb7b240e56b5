/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQLite itself can do on this disk with as many commits and rows as the kernel makes: WAL,
 * synchronous=FULL, one prepared insert, rows of the size of a create's record. One commit a row,
 * and commits of GROUP rows. Prints one JSON object.
 *
 * sqlite_yardstick FOLDER ROWS ROW_BYTES GROUP
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(sqlite3 *db, int rc, const char *what)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE)
		return;
	fprintf(stderr, "sqlite_yardstick: %s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static double rows_per_second(const char *folder, long rows, int bytes, long group)
{
	char path[4096], *row = calloc(1, (size_t)bytes);
	sqlite3 *db = NULL;
	sqlite3_stmt *insert = NULL;

	snprintf(path, sizeof(path), "%s/yardstick-%ld.db", folder, group);
	must(db, sqlite3_open(path, &db), "open");
	must(db,
		sqlite3_exec(db,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			"CREATE TABLE log(seq INTEGER PRIMARY KEY, rec BLOB)",
			NULL, NULL, NULL),
		"create");
	must(db, sqlite3_prepare_v2(db, "INSERT INTO log VALUES(?,?)", -1, &insert, NULL),
		"prepare");
	double t0 = now();
	for (long i = 0; i < rows; i++) {
		if (i % group == 0)
			must(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), "begin");
		sqlite3_bind_int64(insert, 1, i + 1);
		sqlite3_bind_blob(insert, 2, row, bytes, SQLITE_STATIC);
		must(db, sqlite3_step(insert), "insert");
		sqlite3_reset(insert);
		if (i % group == group - 1 || i + 1 == rows)
			must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), "commit");
	}
	double seconds = now() - t0;
	sqlite3_finalize(insert);
	sqlite3_close(db);
	unlink(path);
	free(row);
	return (double)rows / seconds;
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: sqlite_yardstick FOLDER ROWS ROW_BYTES GROUP\n");
		return 2;
	}
	long rows = atol(argv[2]), group = atol(argv[4]);
	int bytes = atoi(argv[3]);
	double single = rows_per_second(argv[1], rows / 4, bytes, 1);
	double grouped = rows_per_second(argv[1], rows, bytes, group);

	printf("{\"row_bytes\":%d,\"single_per_second\":%.0f,\"group\":%ld,"
	       "\"grouped_per_second\":%.0f}\n",
		bytes, single, group, grouped);
	return 0;
}
