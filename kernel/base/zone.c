/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zoneinfo files: a list of changes, and a rule for all time after the last. Bytes are not trusted:
 * every count is checked against the size, and a file that knows leap seconds is refused, because
 * unix time has none.
 */
#include "base/zone.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/zonerule.h"

#define FILE_MAX    (256u << 10)
#define CHANGES_MAX 4096
#define HEADER_LEN  44

struct nc_zone {
	int32_t first_s; /* before the first change */
	int has_rule;
	nc_zone_rule rule; /* after the last */
	size_t n;
	nc_zone_change changes[];
};

void nc_zone_free(nc_zone *z)
{
	nc_free(z);
}

static nc_zone *zone_new(size_t n)
{
	return nc_calloc(1, sizeof(nc_zone) + n * sizeof(nc_zone_change));
}

/* ---- the file ---- */

typedef struct header {
	uint32_t n_isut, n_isstd, n_leap, n_changes, n_types, n_chars;
	size_t word; /* bytes of a time: 4 in the first block, 8 in the second */
	size_t len;  /* of the block behind it */
} header;

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t time_at(const uint8_t *p, size_t word)
{
	if (word == 4)
		return (int32_t)be32(p);
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static int read_header(nc_bytes b, size_t word, header *h)
{
	const uint8_t *p = b.ptr;
	uint32_t *const counts[] = { &h->n_isut, &h->n_isstd, &h->n_leap, &h->n_changes,
		&h->n_types, &h->n_chars };

	if (b.len < HEADER_LEN || memcmp(p, "TZif", 4) != 0)
		return -1;
	for (size_t i = 0; i < NC_LEN(counts); i++) {
		*counts[i] = be32(p + 20 + 4 * i);
		if (*counts[i] > CHANGES_MAX)
			return -1;
	}
	h->word = word;
	h->len = h->n_changes * (word + 1) + h->n_types * 6 + h->n_chars + h->n_leap * (word + 4) +
		 h->n_isstd + h->n_isut;
	return b.len - HEADER_LEN < h->len || !h->n_types ? -1 : 0;
}

static nc_bytes skip(nc_bytes b, size_t n)
{
	return (nc_bytes){ (const char *)b.ptr + n, b.len - n };
}

static nc_code damaged(const char *name, nc_error *err)
{
	nc_err(err, NC_E_PROTO, "the zoneinfo file of \"%.63s\" can't be read", name);
	return nc_err_hint(err, NC_E_PROTO, "install tzdata again");
}

static int read_block(const header *h, const uint8_t *p, nc_zone *z)
{
	const uint8_t *which = p + h->n_changes * h->word, *types = which + h->n_changes;
	int64_t last = INT64_MIN;

	z->first_s = (int32_t)be32(types);
	for (uint32_t i = 0; i < h->n_changes; i++) {
		int64_t at = time_at(p + i * h->word, h->word);
		if (which[i] >= h->n_types || at <= last)
			return -1;
		last = at;
		z->changes[z->n++] = (nc_zone_change){ at, (int32_t)be32(types + which[i] * 6) };
	}
	return 0;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; an empty line says nothing. */
static int read_footer(nc_bytes b, nc_zone *z)
{
	char line[128];
	const char *p = b.ptr;

	if (b.len < 2 || p[0] != '\n')
		return -1;
	const char *end = memchr(p + 1, '\n', b.len - 1);
	size_t n = end ? (size_t)(end - p - 1) : sizeof(line);
	if (n >= sizeof(line))
		return -1;
	memcpy(line, p + 1, n);
	line[n] = '\0';
	if (!n)
		return 0;
	z->has_rule = 1;
	return nc_zone_rule_parse(line, &z->rule);
}

nc_code nc_zone_parse(const char *name, nc_bytes file, nc_zone **ret, nc_error *err)
{
	header h;
	int is_old;

	if (file.len < HEADER_LEN || memcmp(file.ptr, "TZif", 4) != 0)
		return nc_err(err, NC_E_INVAL, "\"%.63s\" is not a time zone", name);
	is_old = ((const char *)file.ptr)[4] < '2';
	if (read_header(file, 4, &h) < 0)
		return damaged(name, err);
	if (!is_old) {
		file = skip(file, HEADER_LEN + h.len);
		if (read_header(file, 8, &h) < 0)
			return damaged(name, err);
	}
	if (h.n_leap)
		return nc_err(err, NC_E_INVAL, "time zone \"%.63s\" counts leap seconds", name);
	_cleanup_(nc_zone_freep) nc_zone *z = zone_new(h.n_changes);
	if (!z)
		return nc_err_nomem(err);
	file = skip(file, HEADER_LEN);
	if (read_block(&h, file.ptr, z) < 0)
		return damaged(name, err);
	if (!is_old && read_footer(skip(file, h.len), z) < 0)
		return damaged(name, err);
	*ret = nc_steal(&z);
	return NC_OK;
}

/* ---- by name ---- */

static const char *folder(void)
{
	const char *set = getenv("TZDIR"); /* as the C library has it; nobody sets it meanwhile */

	return set && *set ? set : "/usr/share/zoneinfo";
}

/* A path below the folder and nothing else. */
static int is_name(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > 63 || name[0] == '/' || name[n - 1] == '/' || strstr(name, ".."))
		return 0;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_+-/.", *p))
			return 0;
	return 1;
}

static nc_code no_such_zone(const char *name, nc_error *err)
{
	if (access(folder(), R_OK) != 0) {
		nc_err(err, NC_E_UNAVAILABLE, "time zone \"%.63s\" can't be looked up: no %s", name,
			folder());
		return nc_err_hint(err, NC_E_UNAVAILABLE, "install tzdata, or use UTC");
	}
	nc_err(err, NC_E_INVAL, "there is no time zone \"%.63s\"", name);
	return nc_err_hint(
		err, NC_E_INVAL, "use a name like Europe/Berlin or America/New_York, or UTC");
}

nc_code nc_zone_open(const char *name, nc_zone **ret, nc_error *err)
{
	_cleanup_(nc_freep) char *path = NULL, *text = NULL;
	nc_error why = NC_ERROR_INIT;
	size_t len = 0;

	if (!strcmp(name, "UTC")) {
		nc_zone *utc = zone_new(0);
		if (!utc)
			return nc_err_nomem(err);
		*ret = utc;
		return NC_OK;
	}
	if (!is_name(name))
		return no_such_zone(name, err);
	path = nc_asprintf("%s/%s", folder(), name);
	if (!path)
		return nc_err_nomem(err);
	nc_code rc = nc_file_read(path, FILE_MAX, &text, &len, &why);
	if (rc == NC_E_NOMEM)
		return nc_err_nomem(err);
	if (rc != NC_OK)
		return no_such_zone(name, err);
	return nc_zone_parse(name, (nc_bytes){ text, len }, ret, err);
}

/* ---- asking ---- */

/* Three years of the rule around a time: enough to have a change on either side. */
static size_t rule_changes(const nc_zone_rule *r, int64_t unix_s, nc_zone_change out[6])
{
	int64_t days = unix_s / 86400 - (unix_s % 86400 < 0);
	int year, month, day;

	if (!r->has_summer)
		return 0;
	nc_date_of(days, &year, &month, &day);
	for (int i = 0; i < 3; i++)
		nc_zone_rule_year(r, year - 1 + i, &out[2 * i]);
	return 6;
}

static size_t count_until(const nc_zone_change *c, size_t n, int64_t unix_s)
{
	size_t low = 0;

	while (low < n) { /* the first change after it */
		size_t mid = low + (n - low) / 2;
		if (c[mid].at_s <= unix_s)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

/* Past the last listed change: by the rule, whose changes before that one don't count. */
static void span_by_rule(const nc_zone *z, int64_t unix_s, nc_zone_span *s)
{
	nc_zone_change c[6];
	size_t n = rule_changes(&z->rule, unix_s, c);
	int64_t listed_s = s->from_s;

	for (size_t i = 0; i < n; i++) {
		if (c[i].at_s <= listed_s)
			continue;
		if (c[i].at_s > unix_s) {
			s->to_s = c[i].at_s;
			return;
		}
		s->before_s = s->offset_s;
		s->from_s = c[i].at_s;
		s->offset_s = c[i].offset_s;
	}
}

void nc_zone_span_at(const nc_zone *z, int64_t unix_s, nc_zone_span *ret)
{
	size_t i = count_until(z->changes, z->n, unix_s);

	*ret = (nc_zone_span){ .from_s = INT64_MIN, .to_s = INT64_MAX, .offset_s = z->first_s };
	if (i) {
		ret->from_s = z->changes[i - 1].at_s;
		ret->offset_s = z->changes[i - 1].offset_s;
	}
	ret->before_s = i == 0 ? ret->offset_s : i > 1 ? z->changes[i - 2].offset_s : z->first_s;
	if (i < z->n) {
		ret->to_s = z->changes[i].at_s;
		return;
	}
	if (z->has_rule && !z->n)
		ret->offset_s = ret->before_s = z->rule.standard_s;
	if (z->has_rule)
		span_by_rule(z, unix_s, ret);
}
