/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_BADPLUGINS_PLUGIN_H
#define NC_TESTS_BADPLUGINS_PLUGIN_H

/*
 * The part that all test plugins share: a whole, correct plugin of which each test replaces the piece
 * that is to be wrong, by defining the macro of that piece before including this. BAD_ID comes from
 * CMake and is the id in the manifest.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "novacron/companions.h"
#include "novacron/compute.h"
#include "novacron/host_services.h"
#include "novacron/plugin.h"
#include "novacron/stream.h"

struct nc_inst {
	const nc_host *h;
	char mode[64];
};

#define UNUSED __attribute__((unused))

static UNUSED void complete_done(nc_inst *self, nc_op op, const char *result)
{
	self->h->op_complete(
		self->h->ctx, op, NC_DONE, NULL, (nc_bytes){ result, result ? strlen(result) : 0 });
}

#ifndef BAD_CREATE
static nc_code create(const nc_host *h, nc_bytes config, nc_inst **out, nc_error *err)
{
	(void)err;
	nc_inst *self = calloc(1, sizeof(*self));
	if (!self)
		return NC_E_NOMEM;
	self->h = h;
	(void)config;
	*out = self;
	return NC_OK;
}
#define BAD_CREATE create
#endif

#ifndef BAD_DESTROY
static void destroy(nc_inst *self)
{
	free(self);
}
#define BAD_DESTROY destroy
#endif

#ifndef BAD_VERB
static nc_code verb(nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_error *err)
{
	(void)target;
	(void)req;
	(void)err;
	complete_done(self, op, "{}");
	return NC_OK;
}
#define BAD_VERB verb
#endif

#ifndef BAD_INVENTORY
static nc_code inventory(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes req, nc_sink *sink, nc_error *err)
{
	(void)op;
	(void)target;
	(void)req;
	(void)err;
	return self->h->sink_write(sink, "{\"name\":\"a\"}", 12);
}
#define BAD_INVENTORY inventory
#endif

#ifndef BAD_STREAM
static nc_code stream(
	nc_inst *self, nc_op op, nc_bytes target, nc_bytes spec, int32_t fd, nc_error *err)
{
	(void)target;
	(void)spec;
	(void)err;
	close(fd);
	complete_done(self, op, "{\"bytes\":0}");
	return NC_OK;
}
#define BAD_STREAM stream
#endif

static const nc_compute compute_table = {
	.struct_size = sizeof(nc_compute), .inventory = BAD_INVENTORY, .create = BAD_VERB
};

static const nc_stream stream_table = { .struct_size = sizeof(nc_stream), .open = BAD_STREAM };

#ifndef BAD_GET_EXTENSION
static const void *get_extension(nc_inst *self, const char *id)
{
	(void)self;
	if (strcmp(id, NC_EXT_COMPUTE) == 0)
		return &compute_table;
	return strcmp(id, NC_EXT_STREAM) == 0 ? &stream_table : NULL;
}
#define BAD_GET_EXTENSION get_extension
#endif

#ifndef BAD_TABLE
static const nc_plugin table = { .struct_size = sizeof(nc_plugin),
	.create = BAD_CREATE,
	.destroy = BAD_DESTROY,
	.get_extension = BAD_GET_EXTENSION };
#define BAD_TABLE &table
#endif

#ifndef BAD_ABI
#define BAD_ABI NC_ABI
#endif
#ifndef BAD_ENTRY_ID
#define BAD_ENTRY_ID BAD_ID
#endif
#ifndef BAD_ENTRY_SIZE
#define BAD_ENTRY_SIZE sizeof(nc_entry)
#endif

#ifndef BAD_ENTRY
const nc_entry *nc_plugin_entry_v1(uint32_t host_abi)
{
	static const nc_entry entry = { .struct_size = BAD_ENTRY_SIZE,
		.abi = BAD_ABI,
		.id = BAD_ENTRY_ID,
		.version = "1.0.0",
		.plugin = BAD_TABLE };
	(void)host_abi;
	return &entry;
}
#endif

#endif
