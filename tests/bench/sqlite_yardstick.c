/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQLite itself can do on this disk with as many commits and rows as the kernel makes: WAL,
 * synchronous=FULL, one prepared insert, rows of the size of the kernel's records, GROUP rows to a
 * commit. Ends after ROWS rows or SECONDS, whichever is first. Prints one JSON object.
 *
 * sqlite_yardstick FOLDER ROWS ROW_BYTES GROUP SECONDS
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

static void open_table(const char *path, sqlite3 **ret_db, sqlite3_stmt **ret_insert)
{
	must(NULL, sqlite3_open(path, ret_db), "open");
	must(*ret_db,
		sqlite3_exec(*ret_db,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			"CREATE TABLE log(seq INTEGER PRIMARY KEY, rec BLOB)",
			NULL, NULL, NULL),
		"create");
	must(*ret_db,
		sqlite3_prepare_v2(*ret_db, "INSERT INTO log VALUES(?,?)", -1, ret_insert, NULL),
		"prepare");
}

typedef struct job {
	sqlite3 *db;
	sqlite3_stmt *insert;
	long rows, group;
	int row_bytes;
	double seconds;
} job;

/* Returns the rows that are committed. */
static long insert_rows(const job *j)
{
	char *row = calloc(1, (size_t)j->row_bytes);
	double until = now() + j->seconds;
	long i = 0;

	while (row && i < j->rows && now() < until) {
		must(j->db, sqlite3_exec(j->db, "BEGIN IMMEDIATE", NULL, NULL, NULL), "begin");
		for (long k = 0; k < j->group; k++, i++) {
			sqlite3_bind_int64(j->insert, 1, i + 1);
			sqlite3_bind_blob(j->insert, 2, row, j->row_bytes, SQLITE_STATIC);
			must(j->db, sqlite3_step(j->insert), "insert");
			sqlite3_reset(j->insert);
		}
		must(j->db, sqlite3_exec(j->db, "COMMIT", NULL, NULL, NULL), "commit");
	}
	free(row);
	return i;
}

static void remove_files(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	for (int i = 0; i < 3; i++) {
		char file[4200];
		snprintf(file, sizeof(file), "%s%s", path, ends[i]);
		unlink(file);
	}
}

int main(int argc, char **argv)
{
	char path[4096];

	if (argc != 6) {
		fprintf(stderr, "usage: sqlite_yardstick FOLDER ROWS ROW_BYTES GROUP SECONDS\n");
		return 2;
	}
	job j = { .rows = atol(argv[2]),
		.row_bytes = atoi(argv[3]),
		.group = atol(argv[4]),
		.seconds = atof(argv[5]) };
	if (j.rows < 1 || j.row_bytes < 1 || j.group < 1 || j.seconds <= 0)
		return 2;
	snprintf(path, sizeof(path), "%s/yardstick.db", argv[1]);
	remove_files(path);
	open_table(path, &j.db, &j.insert);
	double t0 = now();
	long rows = insert_rows(&j);
	double seconds = now() - t0;
	sqlite3_finalize(j.insert);
	sqlite3_close(j.db);
	remove_files(path);
	printf("{\"row_bytes\":%d,\"group\":%ld,\"rows\":%ld,\"rows_per_second\":%.0f,"
	       "\"commits_per_second\":%.0f}\n",
		j.row_bytes, j.group, rows, (double)rows / seconds,
		(double)rows / (double)j.group / seconds);
	return 0;
}
