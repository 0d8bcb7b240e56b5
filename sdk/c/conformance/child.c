/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each check in a process of its own, some at a time: its findings come through a pipe, its stdout
 * and stderr are caught in a file, a crash or a hang ends it alone. The parent has no threads, so
 * fork is safe.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kit.h"

int kit_pipe = -1;

uint64_t kit_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void kit_sleep_ms(unsigned ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		;
}

static void fill(kit_finding *f, const char *rule, const char *verb, kit_verdict verdict)
{
	memset(f, 0, sizeof(*f));
	(void)snprintf(f->rule, sizeof(f->rule), "%s", rule);
	(void)snprintf(f->verb, sizeof(f->verb), "%s", verb ? verb : "");
	f->verdict = (int32_t)verdict;
}

void kit_found(const char *rule, const char *verb, kit_verdict verdict, const char *fmt, ...)
{
	kit_finding f;
	va_list ap;

	fill(&f, rule, verb, verdict);
	va_start(ap, fmt);
	(void)vsnprintf(f.detail, sizeof(f.detail), fmt, ap);
	va_end(ap);
	for (char *p = f.detail; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = ' ';
	/* Less than PIPE_BUF, so whole or not at all. */
	if (kit_pipe >= 0 && write(kit_pipe, &f, sizeof(f)) != (ssize_t)sizeof(f))
		_exit(3);
}

/* A check that runs. */
typedef struct child {
	const kit_check *check;
	pid_t pid; /* 0: free */
	int findings, words;
	uint64_t begin_ns, end_ns;
} child;

static const child *this_child; /* in the child itself */

bool kit_has_time(void)
{
	uint64_t now = kit_mono_ns(), whole = this_child->end_ns - this_child->begin_ns;

	return now < this_child->end_ns && this_child->end_ns - now > whole / 3;
}

static void run_child(const kit_folder *f, const child *c, int findings)
{
	kit_pipe = findings;
	this_child = c;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* what it forks is ours to see (P7) */
	dup2(c->words, STDOUT_FILENO);
	dup2(c->words, STDERR_FILENO);
	c->check->fn(f, c->check->arg);
	exit(0); /* not _exit: an atexit handler that crashes shows, and sanitizers look for leaks */
}

static void add(kit_findings *to, const kit_check *c, const char *rule, kit_verdict verdict,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void add(kit_findings *to, const kit_check *c, const char *rule, kit_verdict verdict,
	const char *fmt, ...)
{
	kit_finding f;
	va_list ap;

	fill(&f, rule, strcmp(rule, "P8") == 0 ? "" : c->verb, verdict);
	va_start(ap, fmt);
	(void)vsnprintf(f.detail, sizeof(f.detail), fmt, ap);
	va_end(ap);
	kit_findings_add(to, &f);
}

/* What was said on stdout or stderr. A sanitizer's report goes with an exit code of its own. */
static void judge_words(const child *c, bool was_well, kit_findings *to)
{
	const kit_check *k = c->check;
	char text[4096];
	ssize_t n = pread(c->words, text, sizeof(text) - 1, 0);

	if (n <= 0) {
		if (was_well)
			add(to, k, "P8", KIT_PASS, "not a word");
		return;
	}
	text[n] = '\0';
	if (was_well)
		add(to, k, "P8", KIT_FAIL, "%s: wrote to stdout or stderr: \"%.60s\"",
			*k->verb ? k->verb : k->rule, text);
	else
		fprintf(stderr, "%s %s: %s\n", k->rule, k->verb, text);
}

static void judge_end(const child *c, int status, bool in_time, kit_findings *to)
{
	const kit_check *k = c->check;

	if (!in_time)
		add(to, k, k->rule, KIT_FAIL, "hung, and was ended");
	else if (WIFSIGNALED(status))
		add(to, k, k->rule, KIT_FAIL, "crashed: %s", strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		add(to, k, k->rule, KIT_FAIL, "ended the process with code %d",
			WEXITSTATUS(status));
}

static void start(const kit_folder *f, const kit_check *check, unsigned timeout_s, child *c)
{
	int findings[2];

	*c = (child){ .check = check,
		.words = memfd_create("words", MFD_CLOEXEC),
		.begin_ns = kit_mono_ns() };
	c->end_ns = c->begin_ns + (uint64_t)timeout_s * 1000000000u;
	fflush(NULL);
	if (c->words < 0 || pipe2(findings, O_CLOEXEC) != 0 || (c->pid = fork()) < 0) {
		perror("conformance kit");
		exit(2);
	}
	if (c->pid == 0) {
		close(findings[0]);
		run_child(f, c, findings[1]);
	}
	close(findings[1]);
	c->findings = findings[0];
}

static void finish(child *c, bool in_time, kit_findings *to)
{
	int status = 0;

	if (!in_time)
		kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(c->findings);
	judge_end(c, status, in_time, to);
	judge_words(c, in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0, to);
	close(c->words);
	c->pid = 0;
}

/* One finding from a child, or its end. */
static void hear(child *c, kit_findings *to)
{
	kit_finding f;

	if (read(c->findings, &f, sizeof(f)) == (ssize_t)sizeof(f))
		kit_findings_add(to, &f);
	else
		finish(c, true, to);
}

void kit_run_checks(const kit_folder *f, const kit_check *checks, size_t n, unsigned timeout_s,
	kit_findings *to)
{
	child running[KIT_JOBS_MAX] = { { .pid = 0 } };
	size_t next = 0, jobs = f->jobs, left = n;

	while (left > 0) {
		struct pollfd p[KIT_JOBS_MAX];

		for (size_t i = 0; i < jobs; i++) {
			if (!running[i].pid && next < n)
				start(f, &checks[next++], timeout_s, &running[i]);
			p[i] = (struct pollfd){ .fd = running[i].pid ? running[i].findings : -1,
				.events = POLLIN };
		}
		(void)poll(p, jobs, 200);
		for (size_t i = 0; i < jobs; i++) {
			if (!running[i].pid)
				continue;
			if (p[i].revents)
				hear(&running[i], to);
			else if (kit_mono_ns() >= running[i].end_ns)
				finish(&running[i], false, to);
			left -= running[i].pid == 0;
		}
	}
}
