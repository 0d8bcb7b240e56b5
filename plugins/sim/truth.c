/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The truth file: open, append, compact. Lives as long as its instance and is covered by its lock.
 * write(2) is enough against a kill of the process, because what it returned for is the kernel's;
 * fsync is only for those who model power cuts. It must never answer for a line that is not whole.
 */
#define NC_PLUG_DOMAIN "sim"
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES (64u << 20)

struct sim_truth {
	char *path;
	uint64_t seed;
	int fd;
	int new_fd; /* of the compaction under way, else -1 */
	off_t size, new_size;
	uint64_t n_lines, n_new_lines;
	bool is_broken; /* a write failed and could not be taken back */
	nc_plug_buf line;
};

static nc_code io_error(nc_error *err, const char *path, const char *what)
{
	int e = errno;
	nc_code code = e == ENOENT                 ? NC_E_NOTFOUND
		       : e == EACCES || e == EPERM ? NC_E_DENIED
						   : NC_E_UNAVAILABLE;

	nc_plug_fail(err, code, 0,
		"Check that the folder is there, is writable for this process and has room.",
		"could not %s truth file %s: %s", what, path, strerror(e));
	if (err)
		err->native = e;
	return code;
}

static bool write_all(int fd, const char *p, size_t n, off_t at)
{
	while (n > 0) {
		ssize_t w = pwrite(fd, p, n, at);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
		at += w;
	}
	return true;
}

/* Passes each whole line; *ret_good = where the last of them ends. */
static nc_code walk(FILE *f, const char *path, sim_truth_fn each, void *user, off_t *ret_good,
	uint64_t *ret_lines, nc_error *err)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	nc_code rc = NC_OK;

	*ret_good = 0;
	*ret_lines = 0;
	while (rc == NC_OK && (n = getline(&line, &cap, f)) > 0) {
		if (line[n - 1] != '\n')
			break; /* torn by a kill in the middle of a write; it was never answered */
		rc = sim_truth_parse(line, (size_t)n - 1, each, user, err);
		if (rc == NC_OK) {
			*ret_good += n;
			++*ret_lines;
		}
	}
	if (rc == NC_OK && ferror(f))
		rc = io_error(err, path, "read");
	if (rc == NC_E_PROTO && err) {
		char what[200];

		(void)snprintf(what, sizeof(what), "%.199s", err->message);
		(void)snprintf(err->message, sizeof(err->message), "%.100s, line %llu: %s", path,
			(unsigned long long)*ret_lines + 1, what);
	}
	free(line);
	return rc;
}

nc_code sim_truth_read(
	const char *path, sim_truth_fn each, void *user, uint64_t *ret_torn, nc_error *err)
{
	FILE *f = fopen(path, "re");
	off_t good;
	uint64_t lines;
	nc_code rc;

	if (!f)
		return io_error(err, path, "open");
	rc = walk(f, path, each, user, &good, &lines, err);
	if (rc == NC_OK) {
		struct stat st;

		if (fstat(fileno(f), &st) != 0)
			rc = io_error(err, path, "look at");
		else
			*ret_torn = st.st_size > good ? (uint64_t)(st.st_size - good) : 0;
	}
	(void)fclose(f);
	return rc;
}

/* Open and lock; a compaction may put another file under the name in between, so look again. */
static nc_code open_locked(const char *path, int *ret_fd, nc_error *err)
{
	for (int tries = 0; tries < 8; tries++) {
		struct stat mine, named;
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return io_error(err, path, "open");
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			close(fd);
			return nc_plug_fail(err, NC_E_BUSY, NC_ERR_RETRYABLE,
				"Stop the other one, or give each instance a truth file of its "
				"own.",
				"truth file %s is used by another instance or process", path);
		}
		if (fstat(fd, &mine) == 0 && stat(path, &named) == 0 &&
			mine.st_ino == named.st_ino && mine.st_dev == named.st_dev) {
			*ret_fd = fd;
			return NC_OK;
		}
		close(fd);
	}
	return nc_plug_fail(err, NC_E_BUSY, NC_ERR_RETRYABLE, "Try again.",
		"truth file %s changes too often to be opened", path);
}

static nc_code load(sim_truth *t, sim_truth_fn each, void *user, nc_error *err)
{
	int fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 3);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	nc_code rc;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return io_error(err, t->path, "read");
	}
	rc = walk(f, t->path, each, user, &t->size, &t->n_lines, err);
	(void)fclose(f);
	if (rc == NC_OK && ftruncate(t->fd, t->size) != 0)
		rc = io_error(err, t->path, "cut the torn end of");
	return rc;
}

static sim_record meta_record(const sim_truth *t, uint64_t seq)
{
	sim_record rec = { .seq = (int64_t)seq, .at_ms = sim_now_ms(), .has_meta = true };

	rec.meta.version = 1;
	rec.meta.seed = (int64_t)t->seed;
	return rec;
}

nc_code sim_truth_open(const char *path, uint64_t seed, sim_truth_fn each, void *user,
	sim_truth **ret, nc_error *err)
{
	sim_truth *t = calloc(1, sizeof(*t));
	nc_code rc;

	if (!t || !(t->path = strdup(path))) {
		free(t);
		return nc_plug_nomem(err);
	}
	t->seed = seed;
	t->fd = t->new_fd = -1;
	t->line = (nc_plug_buf)NC_PLUG_BUF(LINE_MAX_BYTES);
	rc = open_locked(path, &t->fd, err);
	if (rc == NC_OK)
		rc = load(t, each, user, err);
	if (rc == NC_OK && t->n_lines == 0) {
		sim_record rec = meta_record(t, 0);

		rc = sim_truth_append(t, &rec, true, err);
	}
	if (rc != NC_OK) {
		sim_truth_close(t);
		return rc;
	}
	*ret = t;
	return NC_OK;
}

static void give_up_compaction(sim_truth *t)
{
	char *name;

	if (t->new_fd < 0)
		return;
	close(t->new_fd);
	t->new_fd = -1;
	if (asprintf(&name, "%s.new", t->path) < 0)
		return; /* left behind; the next compaction writes over it */
	(void)unlink(name);
	free(name);
}

void sim_truth_close(sim_truth *t)
{
	if (!t)
		return;
	give_up_compaction(t);
	if (t->fd >= 0)
		close(t->fd);
	nc_plug_buf_done(&t->line);
	free(t->path);
	free(t);
}

nc_code sim_truth_append(sim_truth *t, const sim_record *rec, bool sync, nc_error *err)
{
	nc_code rc;

	if (t->is_broken)
		return nc_plug_fail(err, NC_E_UNAVAILABLE, 0,
			"Make room, then restart the instance: it cuts the end off and goes on.",
			"truth file %s ends in a line that could not be taken back", t->path);
	nc_plug_buf_reset(&t->line);
	rc = sim_truth_line(rec, &t->line, err);
	if (rc != NC_OK)
		return rc;
	if (!write_all(t->fd, t->line.ptr, t->line.len, t->size) ||
		(sync && fdatasync(t->fd) != 0)) {
		rc = io_error(err, t->path, "write");
		t->is_broken = ftruncate(t->fd, t->size) != 0;
		return rc;
	}
	t->size += (off_t)t->line.len;
	t->n_lines++;
	if (t->new_fd >= 0) {
		if (write_all(t->new_fd, t->line.ptr, t->line.len, t->new_size)) {
			t->new_size += (off_t)t->line.len;
			t->n_new_lines++;
		} else {
			give_up_compaction(t);
		}
	}
	return NC_OK;
}

bool sim_truth_wants_compaction(const sim_truth *t, uint64_t n_living)
{
	return t->new_fd < 0 && !t->is_broken && t->n_lines > 4096 && t->n_lines > 4 * n_living;
}

bool sim_truth_is_compacting(const sim_truth *t)
{
	return t->new_fd >= 0;
}

nc_code sim_truth_compact_begin(sim_truth *t, uint64_t seq, nc_error *err)
{
	sim_record rec = meta_record(t, seq);
	char *name;

	if (asprintf(&name, "%s.new", t->path) < 0)
		return nc_plug_nomem(err);
	t->new_fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(name);
	if (t->new_fd < 0)
		return io_error(err, t->path, "write a shorter");
	if (flock(t->new_fd, LOCK_EX | LOCK_NB) != 0) {
		give_up_compaction(t);
		return io_error(err, t->path, "lock a shorter");
	}
	t->new_size = 0;
	t->n_new_lines = 0;
	sim_truth_compact_put(t, &rec);
	return NC_OK;
}

void sim_truth_compact_put(sim_truth *t, const sim_record *rec)
{
	if (t->new_fd < 0)
		return;
	nc_plug_buf_reset(&t->line);
	if (sim_truth_line(rec, &t->line, NULL) != NC_OK ||
		!write_all(t->new_fd, t->line.ptr, t->line.len, t->new_size)) {
		give_up_compaction(t);
		return;
	}
	t->new_size += (off_t)t->line.len;
	t->n_new_lines++;
}

nc_code sim_truth_compact_finish(sim_truth *t, bool sync, nc_error *err)
{
	char *name;
	int moved;

	if (t->new_fd < 0)
		return nc_plug_fail(err, NC_E_UNAVAILABLE, NC_ERR_RETRYABLE,
			"Make room; the longer file stays in use until then.",
			"could not write truth file %s anew", t->path);
	if (asprintf(&name, "%s.new", t->path) < 0)
		return nc_plug_nomem(err);
	moved = sync && fdatasync(t->new_fd) != 0 ? -1 : rename(name, t->path);
	free(name);
	if (moved != 0) {
		nc_code rc = io_error(err, t->path, "replace");

		give_up_compaction(t);
		return rc;
	}
	close(t->fd);
	t->fd = t->new_fd;
	t->new_fd = -1;
	t->size = t->new_size;
	t->n_lines = t->n_new_lines;
	return NC_OK;
}
