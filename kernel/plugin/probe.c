/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "plugin/loader_internal.h"
#include "plugin/schema.h"
#include "plugin/spawn.h"

/*
 * The first time a plugin's code runs, it runs in a process that may die: nc-plugin-host --probe maps
 * it, calls its entry, walks its tables and writes a verdict. Whatever else happens there (a crash,
 * silence, output) is a verdict too. The child is started by the supervisor's thread, which lives as
 * long as we do; the waiting is done by whoever wants to load.
 */

#define VERDICT_MAX (16u << 10)
#define VERDICT_FD  3
#define CODE_FD     4

typedef struct probe {
	nc_plugins *p;
	int input; /* memfd with manifest and schema */
	int code;  /* borrowed */
	int verdict[2], output[2];
	nc_child child;
	nc_error *err;
	nc_code rc;
} probe;

/* {"manifest":…,"schema":…} for the child to compare with what the code says of itself. */
static nc_code make_input(const nc_found *f, int *ret_fd, nc_error *err)
{
	_cleanup_(nc_closep) int fd = memfd_create("nc-probe", MFD_CLOEXEC);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not prepare the probe of plugin %s", f->id);
	json_t *doc = json_pack("{s:O,s:O?}", "manifest", f->manifest->doc, "schema", f->schema);
	char *text = doc ? nc_json_dump(doc, JSON_COMPACT) : NULL;
	json_decref(doc);
	if (!text)
		return nc_err_nomem(err);
	nc_code rc = nc_write_full(fd, text, strlen(text), err);
	nc_free(text);
	if (rc == NC_OK && lseek(fd, 0, SEEK_SET) < 0)
		rc = nc_err_errno(err, errno, "could not prepare the probe of plugin %s", f->id);
	if (rc == NC_OK)
		*ret_fd = nc_steal_fd(&fd);
	return rc;
}

static void spawn(void *arg)
{
	probe *pr = arg;
	pr->rc = nc_spawn_start(&(nc_spawn){ .path = pr->p->host_binary,
					.argument = "--probe",
					.fds = { pr->input, pr->output[1], pr->output[1],
						pr->verdict[1], pr->code, -1 } },
		&pr->child, pr->err);
}

/* Until the verdict's end of file or the deadline. 1 = in time. */
static int read_verdict(const probe *pr, int64_t until_us, nc_buf *out)
{
	char chunk[4096];
	for (;;) {
		int64_t left_us = until_us - nc_clock_mono_us();
		struct pollfd pfd = { .fd = pr->verdict[0], .events = POLLIN };
		if (left_us <= 0)
			return 0;
		if (poll(&pfd, 1, (int)(left_us / 1000) + 1) <= 0)
			continue;
		ssize_t n = read(pr->verdict[0], chunk, sizeof(chunk));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return 1;
		nc_buf_put(out, chunk, (size_t)n);
	}
}

static int wait_exit(const probe *pr, int64_t until_us)
{
	struct pollfd pfd = { .fd = pr->child.pidfd, .events = POLLIN };
	for (;;) {
		int64_t left_us = until_us - nc_clock_mono_us();
		int n = poll(&pfd, 1, left_us > 0 ? (int)(left_us / 1000) + 1 : 0);
		if (n > 0)
			return 1;
		if (left_us <= 0)
			return 0;
	}
}

/* Only loading and reading tables happened there: what kept it from a verdict was a side effect. */
static nc_code refuse(nc_found *f, const char *why, nc_error *err)
{
	char reason[300];
	nc_err(err, NC_E_PROTO, "P2: plugin %s failed its probe: %s", f->id, why);
	snprintf(reason, sizeof(reason), "P2: it failed its probe: %s", why);
	nc_found_quarantine_now(f, reason);
	return nc_err_hint(
		err, NC_E_PROTO, "it is in quarantine; install another build, then release it");
}

/* What the child found wrong, as it found it. */
static nc_code take_refusal(const nc_found *f, const json_t *verdict, nc_error *err)
{
	const char *code = "protocol", *message = "no reason given", *hint = NULL;
	nc_code rc = NC_E_PROTO;
	(void)nc_json_get_str(verdict, NULL, "code", NC_OPTIONAL, 31, &code, NULL);
	(void)nc_json_get_str(verdict, NULL, "message", NC_OPTIONAL, 400, &message, NULL);
	(void)nc_json_get_str(verdict, NULL, "hint", NC_OPTIONAL, 400, &hint, NULL);
	if (nc_code_parse(code, &rc) < 0 || rc == NC_OK)
		rc = NC_E_PROTO;
	nc_err(err, rc, "%s", message);
	nc_log(L_WARN, "plugin.probe.refused", F_STR("plugin", f->id), F_STR("why", message));
	return hint ? nc_err_hint(err, rc, "%s", hint) : rc;
}

static nc_code judge_verdict(nc_found *f, const nc_buf *text, const char *how, nc_error *err)
{
	_cleanup_(nc_json_decrefp) json_t *verdict = NULL;
	int is_ok = 0;
	char why[200];
	if (text->error == NC_E_NOMEM)
		return nc_err_nomem(err);
	if (text->len == 0) {
		snprintf(why, sizeof(why), "it ended without a verdict: %s", how);
		return refuse(f, why, err);
	}
	nc_code rc = nc_json_parse(nc_buf_bytes(text), VERDICT_MAX, &verdict, NULL);
	if (rc == NC_E_NOMEM)
		return nc_err_nomem(err);
	if (rc != NC_OK ||
		nc_json_get_bool(verdict, NULL, "ok", NC_REQUIRED, &is_ok, NULL) != NC_OK)
		return refuse(f, "its verdict can't be read", err);
	return is_ok ? NC_OK : take_refusal(f, verdict, err);
}

static nc_code check_output(nc_found *f, const probe *pr, nc_error *err)
{
	char text[200];
	fcntl(pr->output[0], F_SETFL, O_NONBLOCK);
	ssize_t n = read(pr->output[0], text, sizeof(text) - 1);
	if (n <= 0)
		return NC_OK;
	text[n] = 0;
	nc_found_strike(f, NULL, NC_P8_OUTPUT, "it wrote to stdout or stderr while it was probed");
	nc_err(err, NC_E_PROTO, "P8: plugin %s wrote to stdout or stderr while it was probed: %s",
		f->id, text);
	return nc_err_hint(err, NC_E_PROTO, "a plugin logs through nc_host.log alone");
}

static nc_code watch(nc_found *f, probe *pr, nc_error *err)
{
	int64_t until = nc_clock_mono_us() + f->p->probe_timeout_us;
	char how[128] = "";
	_cleanup_(nc_buf_done) nc_buf text;
	nc_buf_init(&text, VERDICT_MAX);
	int is_in_time = read_verdict(pr, until, &text) && wait_exit(pr, until);
	if (!is_in_time) {
		nc_child_kill(&pr->child);
		(void)wait_exit(pr, nc_clock_mono_us() + 1000000);
	}
	(void)nc_child_reap(&pr->child, how, sizeof(how));
	if (!is_in_time) {
		snprintf(how, sizeof(how), "no verdict within %lld ms",
			(long long)(f->p->probe_timeout_us / 1000));
		return refuse(f, how, err);
	}
	/* A crash says more than what was printed on the way to it. */
	nc_code rc = judge_verdict(f, &text, how, err);
	return rc == NC_OK ? check_output(f, pr, err) : rc;
}

static nc_code run(nc_found *f, probe *pr, nc_error *err)
{
	nc_code rc = make_input(f, &pr->input, err);
	if (rc != NC_OK)
		return rc;
	if (pipe2(pr->verdict, O_CLOEXEC) < 0 || pipe2(pr->output, O_CLOEXEC) < 0)
		return nc_err_errno(err, errno, "could not make a pipe");
	nc_loop_call(f->p->super, spawn, pr);
	if (pr->rc != NC_OK)
		return pr->rc;
	nc_closep(&pr->verdict[1]);
	pr->verdict[1] = -1;
	nc_closep(&pr->output[1]);
	pr->output[1] = -1;
	return watch(f, pr, err);
}

nc_code nc_probe(nc_found *f, int memfd, nc_error *err)
{
	probe pr = { .p = f->p,
		.input = -1,
		.code = memfd,
		.verdict = { -1, -1 },
		.output = { -1, -1 },
		.child = NC_CHILD_NONE,
		.err = err };
	nc_code rc = run(f, &pr, err);
	int *fds[] = { &pr.input, &pr.verdict[0], &pr.verdict[1], &pr.output[0], &pr.output[1] };
	for (size_t i = 0; i < NC_LEN(fds); i++)
		nc_closep(fds[i]);
	nc_child_done(&pr.child);
	return rc;
}
