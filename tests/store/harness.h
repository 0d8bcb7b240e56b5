/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ST_HARNESS_H
#define ST_HARNESS_H

#include "host.h"
#include "util.h"

/*
 * Tests are void functions named as sentences, in tables ended by { NULL }. A check that fails
 * prints where and what, and the test goes on; NEED ends it. Checks may come from any thread.
 */
typedef enum {
	ST_ANY = 0,
	ST_CORRUPTS = 1, /* needs --corrupt */
	ST_ROOT = 2,     /* mounts */
	ST_EMBEDDED = 4, /* the store is files in @DIR@ of this process alone */
	ST_RESTORES = 8, /* needs novacron.store-restore/0 */
} st_needs;

typedef struct st_test {
	const char *name;
	void (*run)(void);
	unsigned needs;
} st_test;

#define ST_TEST(fn, needs)                                                                         \
	{                                                                                          \
#fn, fn, needs                                                                     \
	}

bool st_check(bool ok, const char *expr, const char *file, int line);
bool st_check_u64(uint64_t got, uint64_t want, const char *expr, const char *file, int line);
bool st_check_code(nc_code got, nc_code want, const nc_error *err, const char *expr,
	const char *file, int line);

#define CHECK(e)                    st_check(!!(e), #e, __FILE__, __LINE__)
#define CHECK_U64(got, want)        st_check_u64((got), (want), #got, __FILE__, __LINE__)
#define CHECK_CODE(got, want)       st_check_code((got), (want), NULL, #got, __FILE__, __LINE__)
#define CHECK_OK(got, err)          st_check_code((got), NC_OK, (err), #got, __FILE__, __LINE__)
#define CHECK_FAILS(got, want, err) st_check_code((got), (want), (err), #got, __FILE__, __LINE__)
#define NEED(ok)                                                                                   \
	do {                                                                                       \
		if (!(ok))                                                                         \
			return;                                                                    \
	} while (0)

typedef struct st_options {
	const char *plugin;         /* folder */
	const char *config;         /* JSON; @DIR@ becomes the test's folder */
	const char *restore_config; /* the same, for an instance that only restores */
	const char *corrupt;        /* command; gets the folder and log:SEQ or kv:SPACE:HEX */
	const char *self;           /* path of the program */
	bool is_embedded;
	bool is_long;
} st_options;

extern st_options st_opts;
extern st_plugin st_the_plugin;

int st_main(int argc, char **argv, const st_test *const suites[], const char *usage);

/* ---- what tests share ---- */

/* A fresh folder of the running test, removed after it; the store's own goes below. */
const char *st_dir(void);
/* A store in `dir`; checks that it opens. */
bool st_open(st_store *s, const char *dir);
nc_code st_try_open(st_store *s, const char *dir, nc_error *err);
/* The same with an instance for restores alone. */
bool st_open_restorer(st_store *s, const char *dir, const nc_store_restore **ret);
nc_code st_restore_file(const char *dir, const char *path, nc_error *err);
bool st_backup_file(st_store *s, const char *path);
/* Runs the corruption hook on a closed store. */
bool st_corrupt(const char *dir, const char *what);
uint64_t st_random(void); /* any thread; seed printed, NC_SEED sets it */

#endif
