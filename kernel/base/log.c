/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "base/log_internal.h"
#include "base/metric.h"

/*
 * Where lines go and which ones. A line is built on the caller's stack, on the heap where that is
 * too small, and written by one write under out_lock. A line that can't be built or written is
 * counted and lost: a log never fails its caller, and leaves errno alone. Any thread.
 */

enum { LINE_STACK = 2048, LINE_MAX_BYTES = 256 << 10, CONTEXT_MAX = 8 };

static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;
static int out_fd = STDERR_FILENO; /* guarded by out_lock, as is out_path */
static char *out_path;             /* NULL: stderr */
static int is_cut;                 /* the last line lacks its end: a disk was full */

static atomic_int threshold = L_INFO;
static atomic_int is_text; /* read before the line is built, outside out_lock */
static atomic_int is_coloured;

static nc_metric lines_lost = {
	.name = "novacron_log_lines_lost_total",
	.help = "Log lines that could not be built or written.",
	.type = NC_METRIC_COUNTER,
};

static _Thread_local nc_field context[CONTEXT_MAX];
static _Thread_local size_t context_depth; /* may pass CONTEXT_MAX: what is beyond isn't shown */

nc_log_level nc_log_threshold(void)
{
	return (nc_log_level)atomic_load_explicit(&threshold, memory_order_relaxed);
}

void nc_log_set_level(nc_log_level level)
{
	atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

int nc_log_level_parse(const char *name, nc_log_level *ret)
{
	static const struct {
		const char *name;
		nc_log_level level;
	} names[] = {
		{ "error", L_ERROR },
		{ "warn", L_WARN },
		{ "warning", L_WARN },
		{ "info", L_INFO },
		{ "debug", L_DEBUG },
		{ "trace", L_TRACE },
	};
	for (size_t i = 0; i < NC_LEN(names); i++) {
		if (strcmp(names[i].name, name) == 0) {
			*ret = names[i].level;
			return 0;
		}
	}
	return -1;
}

void nc_log_push(nc_field f)
{
	if (context_depth < CONTEXT_MAX)
		context[context_depth] = f;
	context_depth++;
}

void nc_log_pop(void)
{
	nc_assert(context_depth > 0);
	context_depth--;
}

/* Under out_lock. How much was written; 0 where nothing was. */
static size_t write_once(const char *p, size_t len)
{
	ssize_t n;
	do
		n = write(out_fd, p, len);
	while (n < 0 && errno == EINTR);
	return n > 0 ? (size_t)n : 0;
}

static nc_code write_line(nc_bytes line)
{
	pthread_mutex_lock(&out_lock);
	if (is_cut && write_once("\n", 1) == 1)
		is_cut = 0;
	size_t n = is_cut ? 0 : write_once(line.ptr, line.len);
	if (n > 0 && n < line.len)
		is_cut = 1;
	pthread_mutex_unlock(&out_lock);
	return n == line.len ? NC_OK : NC_E_UNAVAILABLE;
}

static void build(nc_buf *b, const nc_log_line *line)
{
	if (atomic_load_explicit(&is_text, memory_order_relaxed))
		nc_log_build_text(
			b, line, atomic_load_explicit(&is_coloured, memory_order_relaxed));
	else
		nc_log_build_json(b, line);
}

void nc_log_write(nc_log_level level, const char *event, const nc_field *fields)
{
	static const nc_field none = { .type = NC_F_END };
	int saved = errno;
	nc_log_line line = {
		.unix_ms = nc_clock_wall_ms(),
		.level = level,
		.event = event,
		.context = context,
		.n_context = NC_MIN(context_depth, (size_t)CONTEXT_MAX),
		.fields = fields,
	};
	char stack[LINE_STACK];
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init_fixed(&b, stack, sizeof(stack));
	build(&b, &line);
	if (nc_buf_failed(&b)) {
		nc_buf_init(&b, LINE_MAX_BYTES);
		build(&b, &line);
	}
	if (nc_buf_failed(&b)) { /* say at least what happened */
		nc_buf_done(&b);
		nc_buf_init_fixed(&b, stack, sizeof(stack));
		line.n_context = 0;
		line.fields = &none;
		build(&b, &line);
		nc_metric_add(&lines_lost, 1);
	}
	if (nc_buf_failed(&b) || write_line(nc_buf_bytes(&b)) != NC_OK)
		nc_metric_add(&lines_lost, 1);
	errno = saved;
}

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

static void choose_format(int fd, nc_log_format format)
{
	int tty = isatty(fd);
	int text = format == NC_LOG_TEXT || (format == NC_LOG_AUTO && tty);
	const char *no_colour = getenv("NO_COLOR");
	atomic_store_explicit(&is_text, text, memory_order_relaxed);
	atomic_store_explicit(
		&is_coloured, text && tty && !(no_colour && no_colour[0]), memory_order_relaxed);
}

/* Takes fd and path over, closes and frees the former ones. */
static void replace_output(int fd, char *path)
{
	pthread_mutex_lock(&out_lock);
	int old_fd = out_fd;
	char *old_path = out_path;
	out_fd = fd;
	out_path = path;
	is_cut = 0;
	pthread_mutex_unlock(&out_lock);
	if (old_path)
		nc_closep(&old_fd); /* stderr stays open */
	nc_free(old_path);
}

nc_code nc_log_open(const char *path, nc_log_format format, nc_error *err)
{
	_cleanup_(nc_freep) char *copy = NULL;
	int fd = STDERR_FILENO;
	if (path) {
		copy = nc_strdup(path);
		if (!copy)
			return nc_err_nomem(err);
		fd = open_file(path);
		if (fd < 0)
			return nc_err_errno(err, errno, "could not open log file %s", path);
	}
	choose_format(fd, format);
	replace_output(fd, nc_steal(&copy));
	return NC_OK;
}

nc_code nc_log_reopen(nc_error *err)
{
	_cleanup_(nc_freep) char *path = NULL;
	pthread_mutex_lock(&out_lock);
	int is_file = out_path != NULL;
	path = is_file ? nc_strdup(out_path) : NULL;
	pthread_mutex_unlock(&out_lock);
	if (!is_file)
		return NC_OK;
	if (!path)
		return nc_err_nomem(err);
	int fd = open_file(path);
	if (fd < 0)
		return nc_err_errno(err, errno, "could not reopen log file %s", path);
	replace_output(fd, nc_steal(&path));
	return NC_OK;
}
