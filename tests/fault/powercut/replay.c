/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Works out from a recording what each file and each name may be after a power cut. The recording
 * is read whole into memory; each file keeps the bytes that were synced and a list of the writes
 * since. One thread; the recording is trusted as far as its form.
 */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

#define SECTOR 512u

typedef struct event {
	nc_record_event e; /* a copy: in the log it lies anywhere */
	const uint8_t *payload;
} event;

typedef struct bytes {
	uint8_t *p;
	size_t len, cap;
} bytes;

/* One file, whatever its name is. Never freed before the replay: names may come back to it. */
typedef struct file {
	uint64_t inode;
	bool is_dir;
	bytes synced;
	size_t *pending; /* events not yet synced, in order */
	size_t n_pending, cap_pending;
} file;

typedef struct name_op {
	nc_record_op op;
	const char *path, *to;
	file *file;
} name_op;

typedef struct sync_begin {
	uint64_t token;
	size_t at;      /* event */
	size_t name_at; /* names changed before */
} sync_begin;

struct replay {
	uint8_t *log;
	event *events;
	size_t n_events, at;
	file **files;
	size_t n_files, cap_files;
	name_op *names;
	size_t n_names, cap_names;
	size_t names_synced; /* so many of the first are on the disk */
	sync_begin *begins;
	size_t n_begins, cap_begins;
};

static void *grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 16;
	p = realloc(p, *cap * size);
	if (!p)
		abort();
	return p;
}

/* ---- bytes ---- */

static void bytes_resize(bytes *b, size_t len)
{
	if (len > b->cap) {
		b->cap = len + len / 2 + 4096;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			abort();
	}
	if (len > b->len)
		memset(b->p + b->len, 0, len - b->len);
	b->len = len;
}

static void bytes_write(bytes *b, uint64_t off, const uint8_t *data, size_t len)
{
	if (off + len > b->len)
		bytes_resize(b, (size_t)off + len);
	if (len)
		memcpy(b->p + off, data, len);
}

/* ---- opening ---- */

static uint8_t *slurp(const char *path, size_t *ret_len)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	uint8_t *p = malloc((size_t)st.st_size + 1);
	size_t at = 0;
	while (p && at < (size_t)st.st_size) {
		ssize_t n = read(fd, p + at, (size_t)st.st_size - at);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	close(fd);
	*ret_len = at;
	return p;
}

static bool index_events(replay *r, size_t len)
{
	size_t cap = 0;
	for (size_t at = 0; at < len;) {
		nc_record_event e;
		if (len - at < sizeof(e))
			return false;
		memcpy(&e, r->log + at, sizeof(e));
		if (e.magic != NC_RECORD_MAGIC || e.len > len - at - sizeof(e))
			return false;
		r->events = grow(r->events, r->n_events, &cap, sizeof(*r->events));
		r->events[r->n_events++] = (event){ e, r->log + at + sizeof(e) };
		at += sizeof(e) + e.len;
	}
	return true;
}

replay *replay_open(const char *log)
{
	size_t len = 0;
	replay *r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	r->log = slurp(log, &len);
	if (!r->log || !index_events(r, len)) {
		fprintf(stderr, "%s: no recording, or a damaged one\n", log);
		replay_free(r);
		return NULL;
	}
	return r;
}

void replay_free(replay *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_files; i++) {
		free(r->files[i]->synced.p);
		free(r->files[i]->pending);
		free(r->files[i]);
	}
	free(r->files);
	free(r->names);
	free(r->begins);
	free(r->events);
	free(r->log);
	free(r);
}

size_t replay_events(const replay *r)
{
	return r->n_events;
}

size_t replay_find(const replay *r, size_t at, uint32_t op)
{
	while (at < r->n_events && r->events[at].e.op != op)
		at++;
	return at;
}

/* ---- walking ---- */

/* The latest file with this inode: a number is used again once a file is gone. */
static file *find_file(const replay *r, uint64_t inode)
{
	for (size_t i = r->n_files; i-- > 0;) {
		if (r->files[i]->inode == inode)
			return r->files[i];
	}
	return NULL;
}

static file *new_file(replay *r, uint64_t inode, bool is_dir)
{
	r->files = grow(r->files, r->n_files, &r->cap_files, sizeof(*r->files));
	file *f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->inode = inode;
	f->is_dir = is_dir;
	r->files[r->n_files++] = f;
	return f;
}

static void add_name(replay *r, name_op op)
{
	r->names = grow(r->names, r->n_names, &r->cap_names, sizeof(*r->names));
	r->names[r->n_names++] = op;
}

/* The file that has this name after the first `n` changes. */
static file *file_named(const replay *r, const char *path, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		const name_op *op = &r->names[i];
		if (op->op == NC_RECORD_RENAME && !strcmp(op->to, path))
			return op->file;
		if (strcmp(op->path, path) != 0)
			continue;
		return op->op == NC_RECORD_OPEN || op->op == NC_RECORD_MKDIR ? op->file : NULL;
	}
	return NULL;
}

static void walk_open(replay *r, const event *v)
{
	const char *path = (const char *)v->payload;
	file *f = file_named(r, path, r->n_names);
	if (!*path && !find_file(r, v->e.file)) {
		new_file(r, v->e.file, true); /* the root folder, opened to be synced */
		return;
	}
	if (!*path || (f && f->inode == v->e.file))
		return;
	/* A folder that is opened was made before. */
	add_name(r, (name_op){ NC_RECORD_OPEN, path, NULL, new_file(r, v->e.file, false) });
}

static void walk_rename(replay *r, const event *v)
{
	const char *from = (const char *)v->payload, *to = from + strlen(from) + 1;
	file *f = file_named(r, from, r->n_names);
	if (f)
		add_name(r, (name_op){ NC_RECORD_RENAME, from, to, f });
}

static void add_pending(replay *r, const event *v)
{
	file *f = find_file(r, v->e.file);
	if (!f || f->is_dir)
		return;
	f->pending = grow(f->pending, f->n_pending, &f->cap_pending, sizeof(*f->pending));
	f->pending[f->n_pending++] = r->at;
}

static void apply(const replay *r, bytes *b, size_t at)
{
	const event *v = &r->events[at];
	if (v->e.op == NC_RECORD_TRUNCATE)
		bytes_resize(b, (size_t)v->e.off);
	else
		bytes_write(b, v->e.off, v->payload, v->e.len);
}

static void settle_file(replay *r, file *f, size_t before)
{
	size_t n = 0;
	while (n < f->n_pending && f->pending[n] < before)
		apply(r, &f->synced, f->pending[n++]);
	if (!n)
		return;
	memmove(f->pending, f->pending + n, (f->n_pending - n) * sizeof(*f->pending));
	f->n_pending -= n;
}

static void begin_sync(replay *r, const event *v)
{
	r->begins = grow(r->begins, r->n_begins, &r->cap_begins, sizeof(*r->begins));
	r->begins[r->n_begins++] = (sync_begin){ v->e.token, r->at, r->n_names };
}

static void end_sync(replay *r, const event *v)
{
	file *f = find_file(r, v->e.file);
	for (size_t i = 0; i < r->n_begins; i++) {
		sync_begin b = r->begins[i];
		if (b.token != v->e.token)
			continue;
		r->begins[i] = r->begins[--r->n_begins];
		if (f && f->is_dir && b.name_at > r->names_synced)
			r->names_synced = b.name_at;
		else if (f && !f->is_dir)
			settle_file(r, f, b.at);
		return;
	}
}

void replay_advance(replay *r, size_t to, replay_mark mark, void *arg)
{
	for (; r->at < to && r->at < r->n_events; r->at++) {
		const event *v = &r->events[r->at];
		const char *path = (const char *)v->payload;
		switch ((nc_record_op)v->e.op) {
		case NC_RECORD_OPEN:
			walk_open(r, v);
			break;
		case NC_RECORD_WRITE:
		case NC_RECORD_TRUNCATE:
			add_pending(r, v);
			break;
		case NC_RECORD_SYNC_BEGIN:
			begin_sync(r, v);
			break;
		case NC_RECORD_SYNC_END:
			end_sync(r, v);
			break;
		case NC_RECORD_RENAME:
			walk_rename(r, v);
			break;
		case NC_RECORD_UNLINK:
			add_name(r, (name_op){ NC_RECORD_UNLINK, path, NULL, NULL });
			break;
		case NC_RECORD_MKDIR:
			add_name(r, (name_op){ NC_RECORD_MKDIR, path, NULL,
					    new_file(r, v->e.file, true) });
			break;
		case NC_RECORD_MARK:
			if (mark)
				mark(arg, v->payload, v->e.len);
			break;
		}
	}
}

/* ---- building ---- */

typedef struct dice {
	uint64_t state;
	uint32_t percent; /* of what is not synced that gets to the disk */
} dice;

static uint64_t roll(dice *d)
{
	d->state += 0x9e3779b97f4a7c15u;
	uint64_t x = d->state;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static bool is_lucky(dice *d)
{
	return d->percent == 100 || (d->percent && roll(d) % 100 < d->percent);
}

/* Sectors of a file that went to the disk for the last time before some write. */
typedef struct stale {
	uint8_t *bits;
	size_t sectors;
} stale;

static bool is_stale(stale *s, dice *d, uint64_t sector)
{
	if (sector >= s->sectors) {
		size_t n = (size_t)sector + 1024;
		s->bits = realloc(s->bits, n);
		if (!s->bits)
			abort();
		memset(s->bits + s->sectors, 0, n - s->sectors);
		s->sectors = n;
	}
	if (!s->bits[sector] && !is_lucky(d))
		s->bits[sector] = 1;
	return s->bits[sector];
}

static void apply_partly(bytes *b, const event *v, stale *s, dice *d)
{
	uint64_t off = v->e.off, end = off + v->e.len;
	while (off < end) {
		uint64_t next = (off / SECTOR + 1) * SECTOR;
		if (next > end)
			next = end;
		if (!is_stale(s, d, off / SECTOR))
			bytes_write(b, off, v->payload + (off - v->e.off), (size_t)(next - off));
		off = next;
	}
}

/* The file's bytes after the cut, into *ret. */
static void file_after(const replay *r, const file *f, dice *d, bytes *ret)
{
	stale s = { NULL, 0 };
	bool is_size_stale = false;
	bytes_write(ret, 0, f->synced.p ? f->synced.p : (const uint8_t *)"", f->synced.len);
	for (size_t i = 0; i < f->n_pending; i++) {
		const event *v = &r->events[f->pending[i]];
		if (v->e.op == NC_RECORD_WRITE) {
			apply_partly(ret, v, &s, d);
			continue;
		}
		is_size_stale = is_size_stale || !is_lucky(d);
		if (!is_size_stale)
			bytes_resize(ret, (size_t)v->e.off);
	}
	free(s.bits);
}

static int write_file(const char *path, const bytes *b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	for (size_t at = 0; at < b->len;) {
		ssize_t n = write(fd, b->p + at, b->len - at);
		if (n < 0)
			break;
		at += (size_t)n;
	}
	return close(fd);
}

static int build_one(const replay *r, const char *dir, const char *name, const file *f, dice *d)
{
	char path[4096];
	bytes b = { NULL, 0, 0 };
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (f->is_dir)
		return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
	file_after(r, f, d, &b);
	int rc = write_file(path, &b);
	free(b.p);
	return rc;
}

/* Whether change `i` is the one by which its name stands after the first n. */
static bool is_last_of_name(const replay *r, size_t i, size_t n)
{
	const char *path = r->names[i].op == NC_RECORD_RENAME ? r->names[i].to : r->names[i].path;
	for (size_t k = i + 1; k < n; k++) {
		const name_op *later = &r->names[k];
		if (!strcmp(later->path, path) ||
			(later->op == NC_RECORD_RENAME && !strcmp(later->to, path)))
			return false;
	}
	return r->names[i].op != NC_RECORD_UNLINK;
}

int replay_build(const replay *r, const char *dir, replay_luck luck, uint64_t seed)
{
	static const uint32_t percents[] = { 3, 20, 50, 80, 97 };
	dice d = { .state = seed };
	d.percent = luck == REPLAY_NOTHING ? 0 : luck == REPLAY_ALL ? 100 : percents[roll(&d) % 5];
	size_t later = r->n_names - r->names_synced, kept = 0;
	if (luck == REPLAY_ALL)
		kept = later;
	else if (luck == REPLAY_SOME)
		kept = (size_t)(roll(&d) % (later + 1));
	size_t n = r->names_synced + kept;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const name_op *op = &r->names[i];
		const char *name = op->op == NC_RECORD_RENAME ? op->to : op->path;
		if (!is_last_of_name(r, i, n))
			continue;
		if (build_one(r, dir, name, op->file, &d) < 0) {
			fprintf(stderr, "%s/%s: %s\n", dir, name, strerror(errno));
			return -1;
		}
	}
	return 0;
}
