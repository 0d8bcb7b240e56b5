/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance: backup while others write, and what becomes of it.
 */
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TTL_MS 60000u

static bool lead(st_store *s, uint64_t *epoch, uint64_t *head)
{
	nc_error err = ST_ERROR;
	return CHECK_OK(s->t->lead(s->inst, "n1", TTL_MS, epoch, head, &err), &err);
}

static bool grow(st_store *s, uint64_t epoch, uint64_t from, uint64_t to)
{
	nc_error err = ST_ERROR;
	for (; from < to; from += 50) {
		if (!CHECK_OK(st_append_model(s, 1, epoch, from, 50, &err), &err) ||
			!CHECK_OK(st_materialise_model(s, 1, epoch, from, from + 50, &err), &err))
			return false;
	}
	return true;
}

static nc_store_head head_of(st_store *s)
{
	nc_store_head h = { .struct_size = sizeof(h) };
	nc_error err = ST_ERROR;
	CHECK_OK(s->t->head(s->inst, &h, &err), &err);
	return h;
}

/* The log from what is trimmed to the head, and the state as of what is applied. */
static bool holds_model(st_store *s)
{
	nc_store_head h = head_of(s);
	st_model m;
	st_model_init(&m, 1);
	st_model_advance(&m, h.applied_seq);
	return CHECK(h.applied_seq <= h.head && h.trimmed_seq <= h.applied_seq) &&
	       CHECK(st_model_matches_log(1, s, h.trimmed_seq + 1, h.head)) &&
	       CHECK(st_model_matches_state(&m, s)) && CHECK(st_checks_clean(s));
}

static void path_in(char *out, const char *name)
{
	snprintf(out, 400, "%s/%s", st_dir(), name);
}

static void a_restored_backup_equals_what_was_backed_up(void)
{
	st_store s;
	char a[400], b[400], file[400];
	uint64_t epoch, head, again;
	nc_error err = ST_ERROR;
	path_in(a, "a");
	path_in(b, "b");
	path_in(file, "backup");
	NEED(st_open(&s, a) && lead(&s, &epoch, &head) && grow(&s, epoch, 0, 500));
	NEED(CHECK_OK(s.t->trim(s.inst, epoch, 120, &err), &err));
	NEED(CHECK_OK(st_append_model(&s, 1, epoch, 500, 30, &err), &err));
	NEED(st_backup_file(&s, file));
	nc_store_head want = head_of(&s);
	st_destroy(&s);
	NEED(CHECK_OK(st_restore_file(b, file, &err), &err));
	NEED(st_open(&s, b));
	nc_store_head got = head_of(&s);
	CHECK(!memcmp(&got, &want, sizeof(got)));
	CHECK(holds_model(&s));
	NEED(lead(&s, &again, &head));
	CHECK(again > epoch);
	CHECK_U64(head, 530);
	CHECK_OK(st_append_model(&s, 1, again, 530, 3, &err), &err);
	CHECK(holds_model(&s));
	st_destroy(&s);
}

static void an_empty_store_is_backed_up_too(void)
{
	st_store s;
	char a[400], b[400], file[400];
	nc_error err = ST_ERROR;
	path_in(a, "a");
	path_in(b, "b");
	path_in(file, "backup");
	NEED(st_open(&s, a));
	NEED(st_backup_file(&s, file));
	st_destroy(&s);
	NEED(CHECK_OK(st_restore_file(b, file, &err), &err));
	NEED(st_open(&s, b));
	CHECK_U64(head_of(&s).head, 0);
	CHECK(holds_model(&s));
	st_destroy(&s);
}

/* ---- while others write ---- */

typedef struct writer {
	st_store *s;
	uint64_t epoch, head;
	nc_code code;
	bool stop; /* under lock */
	pthread_mutex_t lock;
} writer;

static bool is_stopped(writer *w)
{
	pthread_mutex_lock(&w->lock);
	bool stop = w->stop;
	pthread_mutex_unlock(&w->lock);
	return stop;
}

static void *write_on(void *arg)
{
	writer *w = arg;
	nc_error err = ST_ERROR;
	while (w->code == NC_OK && !is_stopped(w)) {
		w->code = st_append_model(w->s, 1, w->epoch, w->head, 20, &err);
		if (w->code == NC_OK)
			w->code = st_materialise_model(
				w->s, 1, w->epoch, w->head, w->head + 20, &err);
		w->head += 20;
		if (w->code == NC_OK && w->head % 100 == 0)
			w->code = w->s->t->trim(w->s->inst, w->epoch, w->head - 90, &err);
	}
	if (w->code != NC_OK)
		fprintf(stderr, "  writer: %s\n", err.message);
	return NULL;
}

static void backups_while_others_write_and_trim_are_consistent(void)
{
	st_store s, copy;
	char a[400], file[3][400], b[400];
	nc_error err = ST_ERROR;
	writer w = { .s = &s, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t thread;
	path_in(a, "a");
	NEED(st_open(&s, a) && lead(&s, &w.epoch, &w.head) && grow(&s, w.epoch, 0, 1000));
	w.head = 1000;
	NEED(CHECK(!pthread_create(&thread, NULL, write_on, &w)));
	for (int i = 0; i < 3; i++) {
		char name[24];
		snprintf(name, sizeof(name), "backup%d", i);
		path_in(file[i], name);
		st_sleep_ms(30);
		CHECK(st_backup_file(&s, file[i]));
	}
	pthread_mutex_lock(&w.lock);
	w.stop = true;
	pthread_mutex_unlock(&w.lock);
	pthread_join(thread, NULL);
	CHECK_CODE(w.code, NC_OK);
	CHECK(holds_model(&s));
	st_destroy(&s);
	uint64_t last = 0;
	for (int i = 0; i < 3; i++) {
		char name[24];
		snprintf(name, sizeof(name), "b%d", i);
		path_in(b, name);
		NEED(CHECK_OK(st_restore_file(b, file[i], &err), &err) && st_open(&copy, b));
		CHECK(head_of(&copy).head >= last);
		last = head_of(&copy).head;
		CHECK(holds_model(&copy));
		st_destroy(&copy);
	}
}

/* ---- what is in the way ---- */

typedef struct backup_call {
	st_store *s;
	int fd;
	nc_code code;
	nc_error err;
} backup_call;

static void *run_backup(void *arg)
{
	backup_call *c = arg;
	c->code = c->s->t->backup(c->s->inst, ST_OP, c->fd, &c->err);
	return NULL;
}

static void a_backup_nobody_reads_stops_when_told_and_holds_up_no_trim(void)
{
	st_store s;
	uint64_t epoch, head;
	int fd[2];
	nc_error err = ST_ERROR;
	pthread_t thread;
	NEED(st_open(&s, st_dir()) && lead(&s, &epoch, &head) && grow(&s, epoch, 0, 500));
	NEED(CHECK(!pipe(fd)));
	backup_call c = { .s = &s, .fd = fd[1], .err = ST_ERROR };
	NEED(CHECK(!pthread_create(&thread, NULL, run_backup, &c)));
	char first;
	CHECK(read(fd[0], &first, 1) == 1); /* it streams: the copying is over */
	CHECK_OK(s.t->trim(s.inst, epoch, 400, &err), &err);
	CHECK_OK(st_append_model(&s, 1, epoch, 500, 5, &err), &err);
	st_set_stop_reason(NC_CANCEL);
	pthread_join(thread, NULL); /* though the pipe is full */
	st_set_stop_reason(NC_RUN);
	CHECK_FAILS(c.code, NC_E_CANCELLED, &c.err);
	CHECK(holds_model(&s));
	close(fd[0]);
	close(fd[1]);
	st_destroy(&s);
}

static void a_reader_that_goes_away_fails_the_backup_alone(void)
{
	st_store s;
	uint64_t epoch, head;
	int fd[2];
	nc_error err = ST_ERROR;
	NEED(st_open(&s, st_dir()) && lead(&s, &epoch, &head) && grow(&s, epoch, 0, 200));
	NEED(CHECK(!pipe(fd)));
	close(fd[0]);
	CHECK_FAILS(s.t->backup(s.inst, (nc_op){ 0 }, fd[1], &err), NC_E_UNAVAILABLE, &err);
	CHECK_U64((uint64_t)err.native, EPIPE);
	CHECK_OK(st_append_model(&s, 1, epoch, 200, 5, &err), &err);
	CHECK(holds_model(&s));
	close(fd[1]);
	st_destroy(&s);
}

static uint8_t *slurp(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	if (!f || fstat(fileno(f), &st) < 0)
		abort();
	uint8_t *bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		abort();
	*ret_len = fread(bytes, 1, (size_t)st.st_size, f);
	fclose(f);
	return bytes;
}

static void spill(const char *path, const uint8_t *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, len, f) != len)
		abort();
	fclose(f);
}

/* Damages a backup in one way, and sees that it is refused and the store in `dir` is untouched. */
static bool is_refused(const char *dir, const char *path, const uint8_t *bytes, size_t len)
{
	nc_error err = ST_ERROR;
	spill(path, bytes, len);
	return CHECK_FAILS(st_restore_file(dir, path, &err), NC_E_PROTO, &err);
}

static void a_damaged_backup_is_refused_and_nothing_is_replaced(void)
{
	st_store s;
	char a[400], b[400], file[400];
	uint64_t epoch, head;
	size_t len;
	path_in(a, "a");
	path_in(b, "b");
	path_in(file, "backup");
	NEED(st_open(&s, a) && lead(&s, &epoch, &head) && grow(&s, epoch, 0, 50));
	NEED(st_backup_file(&s, file));
	st_destroy(&s);
	NEED(st_open(&s, b) && lead(&s, &epoch, &head) && grow(&s, epoch, 0, 100));
	st_destroy(&s);
	uint8_t *bytes = slurp(file, &len);
	int tries = st_opts.is_long ? 500 : 60;
	for (int i = 0; i < tries; i++) {
		/* all of the beginning and the end, and anywhere between */
		size_t at = i < 20 ? (size_t)i : i < 40 ? len - (size_t)i + 19 : st_random() % len;
		uint8_t was = bytes[at];
		bytes[at] ^= (uint8_t)(1 + st_random() % 255);
		CHECK(is_refused(b, file, bytes, len));
		bytes[at] = was;
	}
	for (int i = 0; i < tries / 2; i++)
		CHECK(is_refused(b, file, bytes, i < 10 ? (size_t)i : st_random() % len));
	CHECK(is_refused(b, file, bytes, len - 1));
	free(bytes);
	NEED(st_open(&s, b));
	CHECK_U64(head_of(&s).head, 100);
	CHECK(holds_model(&s));
	st_destroy(&s);
}

static void restoring_over_a_store_fences_what_wrote_to_it(void)
{
	st_store s;
	char a[400], file[400];
	uint64_t first, epoch = 0, head;
	nc_error err = ST_ERROR;
	path_in(a, "a");
	path_in(file, "backup");
	NEED(st_open(&s, a) && lead(&s, &first, &head) && grow(&s, first, 0, 100));
	NEED(st_backup_file(&s, file));
	st_destroy(&s);
	for (int i = 0; i < 5; i++) {
		NEED(st_open(&s, a) && lead(&s, &epoch, &head));
		NEED(CHECK_OK(st_append_model(&s, 2, epoch, head, 7, &err), &err));
		st_destroy(&s);
	}
	NEED(CHECK_OK(st_restore_file(a, file, &err), &err));
	NEED(st_open(&s, a));
	CHECK_U64(head_of(&s).head, 100);
	CHECK_U64(head_of(&s).epoch, epoch);
	CHECK(holds_model(&s));
	NEED(lead(&s, &first, &head));
	CHECK(first > epoch);
	st_destroy(&s);
}

static void a_store_in_use_is_not_restored_over(void)
{
	st_store s;
	char a[400], file[400];
	uint64_t epoch, head;
	nc_error err = ST_ERROR;
	path_in(a, "a");
	path_in(file, "backup");
	NEED(st_open(&s, a) && lead(&s, &epoch, &head) && grow(&s, epoch, 0, 100));
	NEED(st_backup_file(&s, file));
	CHECK_FAILS(st_restore_file(a, file, &err), NC_E_BUSY, &err);
	NEED(grow(&s, epoch, 100, 150));
	CHECK(holds_model(&s));
	st_destroy(&s);
}

const st_test st_backup_tests[] = {
	ST_TEST(a_restored_backup_equals_what_was_backed_up, ST_RESTORES),
	ST_TEST(an_empty_store_is_backed_up_too, ST_RESTORES),
	ST_TEST(backups_while_others_write_and_trim_are_consistent, ST_RESTORES),
	ST_TEST(a_backup_nobody_reads_stops_when_told_and_holds_up_no_trim, 0),
	ST_TEST(a_reader_that_goes_away_fails_the_backup_alone, 0),
	ST_TEST(a_damaged_backup_is_refused_and_nothing_is_replaced, ST_RESTORES),
	ST_TEST(restoring_over_a_store_fences_what_wrote_to_it, ST_RESTORES),
	ST_TEST(a_store_in_use_is_not_restored_over, ST_RESTORES | ST_EMBEDDED),
	{ NULL, NULL, 0 },
};
