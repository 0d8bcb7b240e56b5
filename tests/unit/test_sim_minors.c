/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated provider on hosts of other minors of the ABI: tables that end before what it was
 * compiled for, that lack a slot, and that go on behind it. No byte behind a table can be read. */
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim_stage.h"

/* What the host is to look like to the provider that is opened next. */
static struct {
	size_t size;
	int has_no_checkpoints;
} host_is;

/* A table of so many bytes that ends where a page does, before one that can't be read. It stays: the
 * host outlives the instance. */
static nc_host *shim_of(const nc_host *real)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	nc_host table = *real;

	if (!CHECK(at != MAP_FAILED) || !CHECK(mprotect(at + page, page, PROT_NONE) == 0))
		return NULL;
	table.struct_size = (uint32_t)host_is.size;
	if (host_is.has_no_checkpoints)
		table.op_checkpoint = NULL;
	memset(at, 0xA5, page); /* of what it has more: no slot that could be called */
	at += page - host_is.size;
	memcpy(at, &table, host_is.size < sizeof(table) ? host_is.size : sizeof(table));
	return (nc_host *)(void *)at;
}

static nc_code create_on_shim(const nc_host *h, nc_bytes config, nc_inst **out, nc_error *err)
{
	const nc_host *shim = shim_of(h);

	return shim ? sim_plugin.create(shim, config, out, err) : NC_E_NOMEM;
}

static int open_on(sim_stage *s, size_t size, int has_no_checkpoints, nc_error *err)
{
	static nc_plugin plugin;

	plugin = sim_plugin;
	plugin.create = create_on_shim;
	host_is.size = size;
	host_is.has_no_checkpoints = has_no_checkpoints;
	return sim_stage_open_as(s, &plugin, "{\"hosts\":2}", err);
}

static void works_on(size_t size, int has_no_checkpoints)
{
	sim_stage s;

	REQUIRE(open_on(&s, size, has_no_checkpoints, NULL));
	CHECK_INT(sim_stage_run(&s, "compute.create", "op_1", NULL), NC_DONE);
	CHECK_INT(sim_stage_run(&s, "migrate.start", "op_2", NULL), NC_DONE);
	CHECK_INT(sim_stage_recover(&s, "migrate.start", "op_2"), NC_REC_DONE);
	sim_stage_close(&s);
}

/* ABI 1.0 has them all, so there is no such host; one that is broken is told so, and not called. */
static void a_host_whose_table_ends_early_is_refused(void)
{
	static const size_t ends[] = { 2 * sizeof(uint32_t), offsetof(nc_host, get_extension),
		offsetof(nc_host, log), offsetof(nc_host, sink_write),
		offsetof(nc_host, op_stop_reason), offsetof(nc_host, op_key),
		offsetof(nc_host, op_checkpoint), offsetof(nc_host, op_complete) };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		sim_stage s;
		nc_error err = { .struct_size = sizeof(err) };

		CHECK_INT(open_on(&s, ends[i], 0, &err), 0);
		CHECK_INT(err.code, NC_E_UNSUPPORTED);
		CHECK_HAS(err.message, "ABI 1.0");
		CHECK(err.hint[0]);
	}
}

static void a_host_that_keeps_no_checkpoints_is_served(void)
{
	works_on(sizeof(nc_host), 1);
}

static void a_host_of_a_newer_minor_is_served(void)
{
	works_on(sizeof(nc_host), 0);
	works_on(sizeof(nc_host) + 64, 0);
}

NC_TESTS(sim_minors){
	T(a_host_whose_table_ends_early_is_refused),
	T(a_host_that_keeps_no_checkpoints_is_served),
	T(a_host_of_a_newer_minor_is_served),
};
