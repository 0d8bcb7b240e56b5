/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQLite's store must stand beside the conformance suite: each call failing in turn, pages of
 * noise, syncs that fail, versions of its files.
 */
#include <signal.h>

#include "faults.h"
#include "sqlite_suites.h"

static const char usage[] =
	"usage: store_sqlite --plugin FOLDER --config JSON [--corrupt COMMAND] [part of a name]\n"
	"environment: NC_SEED, NC_TEST_LONG=1, TMPDIR\n";

static const st_test *const suites[] = { st_files_tests, st_broken_tests, st_pages_tests,
	st_torture_tests, NULL };

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	st_faults_init();
	return st_main(argc, argv, suites, usage);
}
