/* SPDX-License-Identifier: Apache-2.0 */
/*
 * novacrond. Reads its arguments and configuration, forks the launcher while there is one thread
 * and root, gives up root if told to, starts the daemon and then does nothing but wait for
 * signals: TERM and INT drain and end, HUP reloads, USR1 reopens the log.
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "boot/daemon.h"
#include "boot/settings.h"
#include "model/problem.h"

#define FILES_MAX    16
#define DEFAULT_FILE "/etc/novacron/config.yaml"
#define RIGHTS_FILE  "/etc/novacron/launcher.json"

extern char **environ;

typedef struct args {
	const char *files[FILES_MAX];
	size_t n_files;
	const char *user, *rights;
	int is_check;
} args;

static const char usage[] =
	"usage: novacrond [--config FILE]... [--user NAME [--rights FILE]] [--check] [--version]\n"
	"  --config FILE  configuration; repeat it, later files override (default " DEFAULT_FILE
	")\n"
	"  --user NAME    drop root for this user once the launcher is forked\n"
	"  --rights FILE  what the launcher may start and as whom (default " RIGHTS_FILE ")\n"
	"  --check        validate configuration and stop\n"
	"signals: TERM drain and stop, HUP reload, USR1 reopen the log\n";

/* Returns -1 to go on, or the exit code. */
static int parse(int argc, char **argv, args *a)
{
	static const struct option options[] = { { "config", required_argument, NULL, 'c' },
		{ "user", required_argument, NULL, 'u' },
		{ "rights", required_argument, NULL, 'r' }, { "check", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 } };

	for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
		switch (c) {
		case 'c':
			if (a->n_files == FILES_MAX) {
				fprintf(stderr, "novacrond: at most %d files\n", FILES_MAX);
				return NC_EXIT_USAGE;
			}
			a->files[a->n_files++] = optarg;
			break;
		case 'u':
			a->user = optarg;
			break;
		case 'r':
			a->rights = optarg;
			break;
		case 'k':
			a->is_check = 1;
			break;
		case 'v':
			puts("novacrond " NC_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return NC_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "novacrond: what is \"%s\"?\n%s", argv[optind], usage);
		return NC_EXIT_USAGE;
	}
	if (!a->n_files && access(DEFAULT_FILE, R_OK) == 0)
		a->files[a->n_files++] = DEFAULT_FILE;
	return -1;
}

static void tell(const nc_config_issue *list, size_t n, const char *what)
{
	char line[1200];

	for (size_t i = 0; i < NC_MIN(n, (size_t)NC_CONFIG_ISSUES_MAX); i++) {
		nc_config_issue_format(&list[i], line, sizeof(line));
		fprintf(stderr, "novacrond: %s: %s\n", what, line);
		if (*list[i].hint)
			fprintf(stderr, "  hint: %s\n", list[i].hint);
	}
}

static nc_code load_config(const args *a, nc_config_holder **ret)
{
	_cleanup_(nc_freep) nc_config_report *report = nc_calloc(1, sizeof(*report));
	nc_error err = NC_ERROR_INIT;

	if (!report)
		return NC_E_NOMEM;
	nc_code rc = nc_config_holder_new(
		a->files, a->n_files, (const char *const *)(void *)environ, ret, report, &err);
	tell(report->warning, report->n_warnings, "warning");
	tell(report->fault, report->n_faults, "configuration");
	if (rc != NC_OK && !report->n_faults)
		fprintf(stderr, "novacrond: %s\n", err.message);
	return rc;
}

static nc_code open_log(const nc_config *c, nc_error *err)
{
	nc_log_set_level((nc_log_level)c->logging.level);
	return nc_settings_log(c, err);
}

static nc_code drop_root(const char *user, nc_error *err)
{
	struct passwd *pw = user ? getpwnam(user) : NULL;

	if (!user)
		return NC_OK;
	if (!pw)
		return nc_err(err, NC_E_NOTFOUND, "there is no user \"%s\"", user);
	if (geteuid() == pw->pw_uid)
		return NC_OK;
	if (initgroups(user, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0)
		return nc_err_errno(err, errno, "could not become user %s", user);
	/* No core file and no ptrace by that user: secrets are in our memory. Changing ids clears
	 * this by itself where fs.suid_dumpable is 0; here it does not depend on that. */
	prctl(PR_SET_DUMPABLE, 0);
	return NC_OK;
}

/* Before any thread, so that all of them inherit it. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* What came while starting stays with the process: nobody waits for it yet. */
static int is_told_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

static void wait_for_end(nc_daemon *d, const sigset_t *set)
{
	for (;;) {
		nc_error err = NC_ERROR_INIT;
		int sig = sigwaitinfo(set, NULL);
		if (sig == SIGHUP)
			nc_daemon_reload(d, NULL, &err);
		else if (sig == SIGUSR1 && nc_log_reopen(&err) != NC_OK)
			nc_log(L_ERROR, "log.reopen.failed", F_ERR(&err),
				F_STR("consequence", "writing to the old file"));
		else if (sig == SIGTERM || sig == SIGINT)
			return;
	}
}

static int fail(const nc_error *err)
{
	nc_log(L_ERROR, "boot.failed", F_ERR(err));
	fprintf(stderr, "novacrond: %s\n", err->message);
	if (*err->hint)
		fprintf(stderr, "  hint: %s\n", err->hint);
	return NC_EXIT_FAILED;
}

static int run(nc_config_holder *holder, nc_launcher *launcher, const args *a, const sigset_t *set)
{
	nc_error err = NC_ERROR_INIT;
	nc_daemon *d = NULL;

	nc_code rc = drop_root(a->user, &err);
	if (rc == NC_OK) { /* after root is dropped, or the log would be root's to open again */
		const nc_config *cfg = nc_config_holder_get(holder);
		rc = open_log(cfg, &err);
		nc_config_unref(cfg);
	}
	if (rc != NC_OK || nc_daemon_new(holder, launcher, &d, &err) != NC_OK)
		return fail(&err);
	rc = nc_daemon_start(d, is_told_to_end, &err);
	if (rc == NC_E_TIMEOUT)
		_exit(fail(&err)); /* something is still starting: nothing can be undone under it */
	if (rc == NC_OK) {
		wait_for_end(d, set);
		nc_log(L_INFO, "boot.stopping");
		nc_daemon_stop(d);
	}
	int code = rc == NC_OK || rc == NC_E_CANCELLED ? 0 : fail(&err);
	if (code == 0)
		nc_log(L_INFO, "boot.stopped");
	if (nc_daemon_is_held(d))
		_exit(code); /* without what runs at an exit: a driver's call hangs in a thread */
	nc_daemon_free(d);
	return code;
}

int main(int argc, char **argv)
{
	args a = { .n_files = 0 };
	nc_launcher_options lo = { .rights_file = RIGHTS_FILE,
		.host_binary = nc_settings_host_binary() };
	nc_launcher *launcher = NULL;
	nc_config_holder *holder = NULL;
	nc_error err = NC_ERROR_INIT;
	sigset_t set;

	int code = parse(argc, argv, &a);
	if (code >= 0)
		return code;
	nc_alloc_install();
	if (nc_seal_init(&err) != NC_OK)
		return fail(&err);
	if (load_config(&a, &holder) != NC_OK)
		return NC_EXIT_USAGE;
	if (a.is_check) {
		puts("configuration is valid");
		nc_config_holder_free(holder);
		return 0;
	}
	block_signals(&set);
	nc_code rc = NC_OK;
	if (a.rights)
		lo.rights_file = a.rights;
	if (a.user && geteuid() == 0)
		rc = nc_launcher_fork(&lo, &launcher, &err);
	code = rc == NC_OK ? run(holder, launcher, &a, &set) : fail(&err);
	nc_launcher_free(launcher);
	nc_config_holder_free(holder);
	return code;
}
