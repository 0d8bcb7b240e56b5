/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "fuzz.h"
#include "store/record.h"
#include "store/value.h"

/*
 * Records and values from bytes that nobody can trust. The checksums are put right first, or the
 * fuzzer would never get past them. What is read must be written back to the same bytes: there is
 * one form for each record.
 */

static void put_right(uint8_t *raw, size_t n)
{
	uint32_t len = (uint32_t)(n - NC_RECORD_HEAD);
	uint32_t crc = nc_crc32c(0, raw + NC_RECORD_HEAD, len);
	memcpy(raw + 32, &len, 4);
	memcpy(raw + 36, &crc, 4);
	crc = nc_crc32c(0, raw, 40);
	memcpy(raw + 40, &crc, 4);
}

static void rewrite_entry(nc_buf *b, const nc_record_entry *e)
{
	if (e->tag == NC_TAG_ENTRIES) {
		nc_buf_putc(b, (char)e->lane);
		nc_buf_put_lstr(b, e->value.ptr, e->value.len);
		return;
	}
	nc_buf_put_u16(b, e->kind);
	nc_buf_put_lstr(b, e->id.ptr, e->id.len);
	if (e->tag == NC_TAG_DELETES)
		return;
	nc_item *it = NULL;
	/* open has checked it */
	nc_assert(nc_value_parse(e->kind, e->id, e->value, &it, NULL) == NC_OK);
	nc_buf_put_varint(b, nc_item_value_len(it));
	nc_value_put(b, it);
	nc_item_unref(it);
}

typedef struct section {
	uint8_t tag;
	uint32_t n;
	nc_buf entries;
} section;

static void end_section(nc_buf *b, section *s)
{
	if (s->n == 0)
		return;
	nc_record_section(b, s->tag, s->n);
	nc_buf_put(b, s->entries.ptr, s->entries.len);
	nc_buf_reset(&s->entries);
	s->n = 0;
}

static void rewrite(const nc_record *r, nc_bytes raw)
{
	nc_buf b;
	section s = { .n = 0 };
	nc_record_entry e;
	int has_identity = 0; /* its node isn't a C string, which is how it is written */
	nc_buf_init(&b, raw.len + 100);
	nc_buf_init(&s.entries, raw.len + 100);
	nc_record_begin(&b, r->type);
	nc_record_iter it = nc_record_entries(r);
	while (nc_record_next(&it, &e)) {
		if (e.tag != s.tag)
			end_section(&b, &s);
		s.tag = e.tag;
		s.n++;
		if (e.tag == NC_TAG_IDENTITY)
			has_identity = 1;
		else
			rewrite_entry(&s.entries, &e);
	}
	end_section(&b, &s);
	nc_assert(nc_record_end(&b) == NC_OK);
	nc_record_stamp(&b, r->seq, r->epoch, r->time_ms);
	nc_assert(has_identity || nc_bytes_eq(nc_buf_bytes(&b), raw));
	nc_buf_done(&b);
	nc_buf_done(&s.entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	nc_record r;
	nc_item *it = NULL;
	nc_bytes raw = { data, size };
	if (nc_value_parse(1, nc_str("id"), raw, &it, NULL) == NC_OK)
		nc_item_unref(it);
	if (size < NC_RECORD_HEAD)
		return 0;
	uint8_t *copy = nc_memdup(data, size);
	if (!copy)
		return 0;
	put_right(copy, size);
	if (nc_record_open((nc_bytes){ copy, size }, &r, NULL) == NC_OK)
		rewrite(&r, (nc_bytes){ copy, size });
	nc_free(copy);
	return 0;
}
