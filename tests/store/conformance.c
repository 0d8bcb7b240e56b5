/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store conformance suite: each sentence of novacron/store.h as a test against whatever
 * plugin is named. A store that passes may take the place of any other.
 */
#include "suites.h"

#include <signal.h>
#include <string.h>

static const char usage[] =
	"usage: store_conformance --plugin FOLDER --config JSON [options] [part of a test's name]\n"
	"  --config JSON          of an instance; @DIR@ stands for a fresh folder or name\n"
	"  --restore-config JSON  of one that only restores (default: purpose restore)\n"
	"  --corrupt COMMAND      gets @DIR@ and log:SEQ or kv:SPACE:HEXKEY, flips a byte there\n"
	"  --embedded             the store is files below @DIR@, of one process at a time\n"
	"  --list                 the tests' names\n"
	"environment: NC_SEED, NC_TEST_LONG=1, TMPDIR\n";

static const st_test *const suites[] = { st_log_tests, st_state_tests, st_trim_tests,
	st_backup_tests, st_crash_tests, st_damage_tests, st_disk_tests, st_thread_tests, NULL };

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	signal(SIGXFSZ, SIG_IGN);
	if (argc > 1 && !strcmp(argv[1], "--crash-child"))
		return st_crash_child(argc, argv);
	return st_main(argc, argv, suites, usage);
}
