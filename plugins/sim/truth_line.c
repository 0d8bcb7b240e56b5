/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of the truth: eight hex digits of CRC-32C, a space, the record as JSON, a newline.
 * Stateless; any thread.
 */
#define NC_PLUG_DOMAIN "sim"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "truth.h"

#define PREFIX 9 /* digits and the space */

int64_t sim_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

nc_code sim_truth_line(const sim_record *rec, nc_plug_buf *line, nc_error *err)
{
	static const char digits[] = "0123456789abcdef";
	size_t start = line->len;
	uint32_t crc;
	nc_code rc;

	nc_plug_buf_puts(line, "00000000 ");
	rc = nc_msg_write(&sim_record_msg, rec, line, err);
	if (rc != NC_OK)
		return rc;
	crc = nc_plug_crc32c(0, line->ptr + start + PREFIX, line->len - start - PREFIX);
	for (int i = 0; i < 8; i++)
		line->ptr[start + (size_t)i] = digits[crc >> (28 - 4 * i) & 15];
	nc_plug_buf_puts(line, "\n");
	return line->error == NC_OK ? NC_OK : nc_plug_nomem(err);
}

/* `line` is without its newline. */
nc_code sim_truth_parse(const char *line, size_t len, sim_truth_fn each, void *user, nc_error *err)
{
	nc_msg_mem mem = { 0 };
	sim_record rec;
	char hex[9] = "", *end;
	nc_code rc;

	if (len > PREFIX)
		memcpy(hex, line, 8);
	if (len <= PREFIX || line[8] != ' ' ||
		strtoul(hex, &end, 16) != nc_plug_crc32c(0, line + PREFIX, len - PREFIX) || *end)
		return nc_plug_fail(err, NC_E_PROTO, 0,
			"Restore the file from a copy, or move it away and start with an empty "
			"one.",
			"a line of the truth does not have the checksum it was written with");
	rc = nc_msg_read(
		&sim_record_msg, (nc_bytes){ line + PREFIX, len - PREFIX }, &mem, &rec, err);
	if (rc == NC_OK)
		rc = each(user, &rec, err);
	nc_msg_done(&mem);
	return rc;
}
