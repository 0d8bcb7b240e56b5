/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of the simulated provider fails in turn: nothing leaks, nothing half done stays,
 * whoever asked is told. The host here allocates nothing, so that every failure is the provider's. */
#include <string.h>
#include <unistd.h>

#include "novacron/compute.h"
#include "sim/inst.h"
#include "testing.h"
#include "wrap_alloc.h"

static struct {
	int32_t outcome;
	nc_code code;
	int n_complete;
	size_t n_objects;
	char key[65];
} seen;

static const void *get_extension(nc_host_ctx *ctx, const char *id)
{
	(void)ctx;
	(void)id;
	return NULL;
}

static void host_log(nc_host_ctx *ctx, int32_t level, const char *event, nc_bytes json)
{
	(void)ctx;
	(void)level;
	(void)event;
	(void)json;
}

static nc_code sink_write(nc_sink *sink, const void *p, size_t n)
{
	(void)sink;
	(void)p;
	(void)n;
	seen.n_objects++;
	return NC_OK;
}

static int32_t op_stop_reason(nc_host_ctx *ctx, nc_op op)
{
	(void)ctx;
	(void)op;
	return NC_RUN;
}

static uint64_t op_deadline_ns(nc_host_ctx *ctx, nc_op op)
{
	(void)ctx;
	(void)op;
	return 0;
}

static const char *op_key(nc_host_ctx *ctx, nc_op op)
{
	(void)ctx;
	(void)op;
	return seen.key;
}

static void op_complete(
	nc_host_ctx *ctx, nc_op op, int32_t outcome, const nc_error *err, nc_bytes result)
{
	(void)ctx;
	(void)op;
	(void)result;
	seen.n_complete++;
	seen.outcome = outcome;
	seen.code = err ? err->code : NC_OK;
}

static const nc_host host = { .struct_size = sizeof(host),
	.abi = NC_ABI,
	.get_extension = get_extension,
	.log = host_log,
	.sink_write = sink_write,
	.op_stop_reason = op_stop_reason,
	.op_deadline_ns = op_deadline_ns,
	.op_key = op_key,
	.op_complete = op_complete };

static nc_inst *open_inst(void)
{
	nc_inst *inst = NULL;
	nc_error err = { .struct_size = sizeof(err) };

	CHECK_OK(sim_create(&host, nc_plug_str("{\"hosts\":2}"), &inst, &err), &err);
	return inst;
}

static void create_fails_cleanly_at_each_allocation(void)
{
	WRAP_TORTURE(n)
	{
		nc_inst *inst = NULL;
		nc_error err = { .struct_size = sizeof(err) };
		nc_code rc = sim_create(&host,
			nc_plug_str(
				"{\"host_list\":[{\"name\":\"a\",\"vcpus\":4,\"memory_mib\":4096,"
				"\"storage_gib\":10}],\"networks\":[\"lan\"]}"),
			&inst, &err);
		int failed = wrap_alloc_has_failed();

		wrap_alloc_pause();
		CHECK((rc == NC_OK) == (inst != NULL));
		CHECK(rc == NC_OK || rc == NC_E_NOMEM || rc == NC_E_UNAVAILABLE);
		CHECK(failed || rc == NC_OK);
		if (inst)
			sim_destroy(inst);
	}
}

static const char guest[] =
	"{\"id\":\"vm_1\",\"uuid\":\"0a1b2c3d-4e5f-5071-8293-a4b5c6d7e8f9\",\"name\":\"a\","
	"\"project\":\"p\","
	"\"tag\":{\"installation\":\"i\",\"object\":\"vm_1\",\"operation\":\"o\",\"epoch\":1},"
	"\"incarnation\":1,\"vcpus\":1,\"memory_mib\":256,\"disks\":[{\"id\":\"d0\",\"size_gib\":1}"
	"],"
	"\"nics\":[{\"id\":\"n0\",\"mac\":\"52:54:00:00:00:01\",\"network\":\"default\"}],"
	"\"metadata\":{\"a\":\"b\"},\"start\":true}";
static const char stop[] =
	"{\"id\":\"vm_1\",\"uuid\":\"0a1b2c3d-4e5f-5071-8293-a4b5c6d7e8f9\","
	"\"native_id\":\"sim-0a1b2c3d-4e5f-5071-8293-a4b5c6d7e8f9\","
	"\"tag\":{\"installation\":\"i\",\"object\":\"vm_1\",\"operation\":\"o\",\"epoch\":1},"
	"\"action\":\"stop\",\"mode\":\"force\"}";

static size_t count_guests(nc_inst *inst)
{
	const nc_compute *compute = sim_plugin.get_extension(inst, NC_EXT_COMPUTE);
	nc_error err = { .struct_size = sizeof(err) };

	seen.n_objects = 0;
	CHECK_OK(compute->inventory(
			 inst, (nc_op){ 9 }, nc_plug_str(""), nc_plug_str("{}"), NULL, &err),
		&err);
	return seen.n_objects;
}

/* One call under failing memory: refused or completed, done or without effect, never both. */
static bool call(nc_inst *inst, nc_verb_fn fn, const char *request)
{
	nc_error err = { .struct_size = sizeof(err) };
	nc_code rc;

	seen.n_complete = 0;
	rc = fn(inst, (nc_op){ 1 }, nc_plug_str("host-00000"), nc_plug_str(request), &err);
	wrap_alloc_pause();
	CHECK_INT(seen.n_complete, rc == NC_OK);
	if (rc != NC_OK)
		CHECK_INT(rc, NC_E_NOMEM);
	else if (seen.outcome != NC_DONE)
		CHECK_INT(seen.code, NC_E_NOMEM);
	return rc == NC_OK && seen.outcome == NC_DONE;
}

static void a_verb_is_done_or_not_at_each_allocation(void)
{
	nc_inst *inst = open_inst();
	const nc_compute *compute = sim_plugin.get_extension(inst, NC_EXT_COMPUTE);
	unsigned round = 0;

	WRAP_TORTURE(n)
	{
		bool done;

		(void)snprintf(seen.key, sizeof(seen.key), "create.%u", round);
		done = call(inst, compute->create, guest);
		CHECK_UINT(count_guests(inst), done);
		(void)snprintf(seen.key, sizeof(seen.key), "stop.%u", round);
		if (done) {
			wrap_alloc_resume();
			(void)call(inst, compute->power, stop);
		}
		/* Gone again, whatever came of it. */
		(void)snprintf(seen.key, sizeof(seen.key), "destroy.%u", round++);
		if (done) {
			char request[512];
			size_t len =
				strlen(stop) - strlen(",\"action\":\"stop\",\"mode\":\"force\"}");

			(void)snprintf(request, sizeof(request), "%.*s}", (int)len, stop);
			CHECK(call(inst, compute->destroy, request));
		}
	}
	sim_destroy(inst);
}

NC_TESTS(sim_torture){
	T(create_fails_cleanly_at_each_allocation),
	T(a_verb_is_done_or_not_at_each_allocation),
};
