/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "http/h1_chunk.h"
#include "http/h1_head.h"
#include "testing.h"

/*
 * The request cases of llhttp's own test suite (Markdown with the bytes and the expected events),
 * read from the shared data beside the source tree, against our parser. Each case is either agreed
 * on or stands in `differences` with the reason; a difference that has gone is an error too. What a
 * lenient mode takes, ours may refuse without a word, having no such mode. Every case is fed whole
 * and byte by byte.
 *
 * One thing differs everywhere: llhttp doesn't ask for Host. A message without one is refused by
 * us, as it must be, and is then judged again with a Host header put in.
 */

typedef enum { TAKEN, REFUSED, UNFINISHED } verdict;
static const char *const verdict_names[] = { "taken", "refused", "unfinished" };

typedef struct difference {
	const char *file, *heading;
	verdict ours;
	const char *reason;
} difference;

#define ANY_METHOD   "a method is any token; routing answers 404 or 405"
#define NO_PROXY     "CONNECT is for proxies"
#define ONLY_HTTP    "only HTTP is spoken here"
#define ONLY_CHUNKED "no coding but chunked is understood (501), so the body could not be read"
#define NEEDS_LINE   "a line is judged when it has ended; the deadline sees to one that never does"
static const difference differences[] = {
	{ "sample.md", "No HTTP version", REFUSED, "HTTP/0.9 has no headers, so no Host either" },
	{ "content-length.md", "Missing CRLF-CRLF before body", UNFINISHED, NEEDS_LINE },
	{ "invalid.md", "Invalid HTTP version", UNFINISHED, NEEDS_LINE },
	{ "invalid.md", "Invalid space after start line", UNFINISHED, NEEDS_LINE },
	{ "invalid.md", "HTTP protocol and ANNOUNCE method", TAKEN, ANY_METHOD },
	{ "invalid.md", "Invalid method", TAKEN, ANY_METHOD },
	{ "method.md", "CONNECT request", REFUSED, NO_PROXY },
	{ "method.md", "CONNECT request with CAPS", REFUSED, NO_PROXY },
	{ "method.md", "CONNECT with body", REFUSED, NO_PROXY },
	{ "uri.md", "Underscore in hostname", REFUSED, NO_PROXY },
	{ "method.md", "M-SEARCH request", REFUSED, "\"*\" is for OPTIONS alone" },
	{ "method.md", "PRI request HTTP2", REFUSED,
		"that is not HTTP/2's preface, which says 2.0" },
	{ "method.md", "SOURCE request with ICE", REFUSED, ONLY_HTTP },
	{ "method.md", "OPTIONS request with RTSP", REFUSED, ONLY_HTTP },
	{ "method.md", "ANNOUNCE request with RTSP", REFUSED, ONLY_HTTP },
	{ "transfer-encoding.md", "POST with `chunked` as last transfer-encoding", REFUSED,
		ONLY_CHUNKED },
	{ "transfer-encoding.md",
		"POST with `chunked` as last transfer-encoding (multiple headers)", REFUSED,
		ONLY_CHUNKED },
	{ "uri.md", "Quotes in URI", REFUSED, "a quote must be percent-encoded" },
	{ "uri.md", "Fragment in URI", REFUSED, "a fragment is not sent" },
	{ "uri.md", "`host:port` and basic auth", REFUSED, "credentials in a target are refused" },
};
static int difference_seen[NC_LEN(differences)];

/* ---- our verdict ---- */

typedef struct feed {
	const char *p;
	size_t len, step; /* step: how many more bytes become visible at a time */
} feed;

/* Parse one head. *ret_len: what it took. */
static nc_h1_verdict feed_head(const feed *f, nc_h1_head *h, nc_h1_field *fields)
{
	nc_h1_verdict v = NC_H1_MORE;
	nc_h1_head_init(h, 16384, fields, 100);
	for (size_t seen = 0; v == NC_H1_MORE && seen < f->len;) {
		seen = NC_MIN(seen + f->step, f->len);
		v = nc_h1_head_parse(h, f->p, seen);
	}
	return v;
}

static verdict feed_chunked(feed *f)
{
	nc_h1_chunk c;
	nc_h1_chunk_init(&c);
	while (f->len > 0) {
		size_t used = 0;
		nc_bytes data;
		nc_h1_chunk_verdict v =
			nc_h1_chunk_next(&c, f->p, NC_MIN(f->step, f->len), &used, &data);
		if (v == NC_H1_CHUNK_BAD)
			return REFUSED;
		f->p += used;
		f->len -= used;
		if (v == NC_H1_CHUNK_DONE)
			return TAKEN;
	}
	return UNFINISHED;
}

/* One message off the front. *ret_closes: nothing may follow it. */
static verdict feed_message(feed *f, int *ret_closes, nc_http_fault_id *ret_fault, int *ret_host)
{
	nc_h1_head h;
	nc_h1_field fields[100];
	nc_h1_verdict v = feed_head(f, &h, fields);
	*ret_fault = h.fault;
	*ret_host = (h.flags & NC_H1_HAS_HOST) != 0;
	if (v != NC_H1_DONE)
		return v == NC_H1_BAD ? REFUSED : UNFINISHED;
	*ret_closes = (h.flags & NC_H1_CLOSE) || (h.minor == 0 && !(h.flags & NC_H1_KEEP_ALIVE));
	f->p += h.len;
	f->len -= h.len;
	if (h.flags & NC_H1_CHUNKED)
		return feed_chunked(f);
	if (h.content_length > f->len)
		return UNFINISHED;
	f->p += h.content_length;
	f->len -= (size_t)h.content_length;
	return TAKEN;
}

/* Put a Host header after the first line of what is left. */
static void put_host(const feed *f, nc_buf *out)
{
	size_t blank = strspn(f->p, "\r\n"); /* empty lines before the request */
	const char *line = memmem(f->p + blank, f->len - blank, "\r\n", 2);
	size_t first = line ? (size_t)(line - f->p) + 2 : 0;
	nc_buf_put(out, f->p, first);
	nc_buf_puts(out, "Host: test\r\n");
	nc_buf_put(out, f->p + first, f->len - first);
}

static verdict judge(const char *bytes, size_t n, size_t step)
{
	_cleanup_(nc_buf_done) nc_buf with_host;
	nc_buf_init(&with_host, 1 << 20);
	feed f = { bytes, n, step };
	verdict v = TAKEN;
	while (f.len > 0 && v == TAKEN) {
		int closes = 0, has_host = 0;
		nc_http_fault_id fault = NC_FAULT_NONE;
		feed at = f;
		v = feed_message(&f, &closes, &fault, &has_host);
		if (v == REFUSED && fault == NC_FAULT_HOST && !has_host) {
			nc_buf next;
			nc_buf_init(&next, 1 << 20);
			put_host(&at, &next);
			nc_buf_done(&with_host);
			with_host = next;
			f = (feed){ with_host.ptr, with_host.len, step };
			v = feed_message(&f, &closes, &fault, &has_host);
		}
		if (v == UNFINISHED && f.len == 2 && !memcmp(f.p, "\r\n", 2))
			return TAKEN; /* the empty line that may follow a message */
		if (closes)
			break;
	}
	return v;
}

/* ---- the Markdown ---- */

static void put_escape(nc_buf *out, const char **p)
{
	static const char from[] = "rntf", to[] = "\r\n\t\f";
	const char *which = **p ? strchr(from, **p) : NULL;
	if (which) {
		nc_buf_putc(out, to[which - from]);
		(*p)++;
	} else if (**p == '\n') { /* an escaped end of line is none */
		(*p)++;
	} else {
		nc_buf_putc(out, '\\');
	}
}

/* The bytes that a code block stands for: its last newline away, the others CR LF, \r \n \t \f. */
static void unescape(nc_buf *out, const char *text, size_t n)
{
	const char *end = text + n;
	if (n > 0 && end[-1] == '\n')
		end--;
	for (const char *p = text; p < end;) {
		char c = *p++;
		if (c == '\\' && p < end)
			put_escape(out, &p);
		else if (c == '\n')
			nc_buf_put(out, "\r\n", 2);
		else
			nc_buf_putc(out, c);
	}
}

/* An error that ends the parse; pauses and "data after close" (5, 21 to 23) are none. */
static int says_error(const char *log, size_t n)
{
	const char *end = log + n;
	for (const char *p = log; (p = memmem(p, (size_t)(end - p), "error code=", 11));) {
		p += 11;
		int code = atoi(p);
		if (code != 5 && (code < 21 || code > 23))
			return 1;
	}
	return 0;
}

typedef struct testcase {
	const char *file;
	char heading[160];
	int is_lenient;
	nc_buf bytes;
} testcase;

static const difference *find_difference(const testcase *t)
{
	for (size_t i = 0; i < NC_LEN(differences); i++) {
		if (strcmp(differences[i].file, t->file) ||
			strcmp(differences[i].heading, t->heading))
			continue;
		difference_seen[i] = 1;
		return &differences[i];
	}
	return NULL;
}

static void check_case(const testcase *t, int llhttp_refuses)
{
	verdict whole = judge(t->bytes.ptr, t->bytes.len, t->bytes.len);
	verdict slow = judge(t->bytes.ptr, t->bytes.len, 1);
	CHECK_INT(slow, whole);
	const difference *d = find_difference(t);
	if (t->is_lenient && whole == REFUSED)
		return;
	int agrees = (whole == REFUSED) == llhttp_refuses;
	int is_fine = d ? whole == d->ours && !agrees : agrees;
	if (!CHECK(is_fine))
		fprintf(stderr, "%s: %s: llhttp %s it, ours is %s%s%s\n", t->file, t->heading,
			llhttp_refuses ? "refuses" : "takes", verdict_names[whole],
			d ? ", expected because " : "", d ? d->reason : "");
}

/* The block that begins at p ("```http\n"): its text. Moves p behind it. */
static nc_bytes take_block(const char **p)
{
	const char *text = strchr(*p, '\n') + 1;
	const char *end = strstr(text, "```");
	if (!end)
		end = text + strlen(text);
	*p = *end ? end + 3 : end;
	return (nc_bytes){ text, (size_t)(end - text) };
}

static int run_file(const char *folder, const char *file)
{
	_cleanup_(nc_freep) char *path = nc_asprintf("%s/%s", folder, file);
	_cleanup_(nc_freep) char *text = NULL;
	size_t len;
	if (!CHECK(path && nc_file_read(path, 1 << 20, &text, &len, NULL) == NC_OK))
		return 0;
	int count = 0;
	testcase t = { .file = file };
	nc_buf_init(&t.bytes, 1 << 20);
	for (const char *p = text; *p;) {
		if (!strncmp(p, "```http\n", 8)) {
			nc_bytes block = take_block(&p);
			nc_buf_reset(&t.bytes);
			unescape(&t.bytes, block.ptr, block.len);
		} else if (!strncmp(p, "```log\n", 7)) {
			nc_bytes log = take_block(&p);
			check_case(&t, says_error(log.ptr, log.len));
			count++;
		} else if (*p == '#') {
			p += strspn(p, "# ");
			snprintf(t.heading, sizeof(t.heading), "%.*s", (int)strcspn(p, "\n"), p);
		} else if (!strncmp(p, "<!-- meta", 9)) {
			t.is_lenient = memmem(p, strcspn(p, "\n"), "lenient", 7) != NULL;
		}
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	nc_buf_done(&t.bytes);
	return count;
}

static void the_cases_of_llhttp_are_judged_strictly(void)
{
	const char *shared = getenv("NC_SHARED_DATA");
	_cleanup_(nc_freep) char *folder = nc_asprintf("%s/extra/http/llhttp/test/request",
		shared ? shared : NC_SOURCE_DIR "/../shared/data");
	REQUIRE(folder != NULL);
	DIR *d = opendir(folder);
	if (!d) {
		puts("skipped: no shared data");
		return;
	}
	int count = 0;
	const struct dirent *e;
	while ((e = readdir(d))) {
		if (strstr(e->d_name, ".md"))
			count += run_file(folder, e->d_name);
	}
	closedir(d);
	CHECK(count > 100);
	for (size_t i = 0; i < NC_LEN(differences); i++) {
		if (!CHECK(difference_seen[i]))
			fprintf(stderr, "no such case: %s: %s\n", differences[i].file,
				differences[i].heading);
	}
}

NC_TESTS(http_llhttp){
	T(the_cases_of_llhttp_are_judged_strictly),
};
