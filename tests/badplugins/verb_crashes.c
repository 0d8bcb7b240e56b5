/* SPDX-License-Identifier: Apache-2.0 */
/* Follows a null pointer in a call. All else it serves, one host and no guests, so that a daemon comes
 * to make that call. */
#define BAD_GET_EXTENSION tables
#include "novacron/plugin.h"
static const void *tables(nc_inst *, const char *);
#include "plugin.h"

__attribute__((no_sanitize("undefined"))) static nc_code wrong(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	volatile int *nowhere = NULL;
	(void)self;
	(void)op;
	*nowhere = 1;
	return NC_OK;
}

/* Nothing is there to be destroyed. */
static nc_code no_guest(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	complete_done(self, op, "{\"changed\":false,\"kept_volumes\":[]}");
	return NC_OK;
}

static nc_code no_guests(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	(void)self;
	(void)op;
	(void)target;
	(void)req;
	(void)sink;
	(void)err;
	return NC_OK;
}

static nc_code one_host(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	static const char host[] =
		"{\"name\":\"doomed\",\"state\":\"up\",\"vcpus\":8,\"memory_mib\":8192,"
		"\"storage_gib\":100,"
		"\"used\":{\"vcpus\":0,\"memory_mib\":0,\"storage_gib\":0,\"guests\":0},"
		"\"cpu_model\":\"\",\"traits\":[],\"zone\":\"\",\"networks\":[],\"pools\":[],"
		"\"hypervisor\":{\"name\":\"none\",\"version\":\"\"}}";

	(void)op;
	(void)target;
	(void)req;
	(void)err;
	return self->h->sink_write(sink, host, sizeof(host) - 1);
}

static const void *tables(nc_inst *self, const char *id)
{
	static const nc_compute compute = { .struct_size = sizeof(compute),
		.inventory = no_guests,
		.fingerprint = one_host,
		.create = wrong,
		.destroy = no_guest };

	(void)self;
	if (strcmp(id, NC_EXT_COMPUTE) == 0)
		return &compute;
	return strcmp(id, NC_EXT_STREAM) == 0 ? &stream_table : NULL;
}
