/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "flow/internal.h"
#include "model/infra.h"
#include "model/netobj.h"
#include "model/storage.h"
#include "novacron-sdk/msg.h"
#include "state.h"

/*
 * What drivers are asked, step by step of every operation on objects: each request is read by the
 * SDK's own reader, which takes no member that the schema hasn't, and names things as the driver
 * does.
 */

/* The largest struct of a request: messages.h and the kernel's headers don't mix. */
#define ROOM 2048
#define MSGS(X)                                                                                    \
	X(compute_create)                                                                          \
	X(disk_attach)                                                                             \
	X(disk_detach)                                                                             \
	X(disk_resize)                                                                             \
	X(nic_attach)                                                                              \
	X(nic_detach)                                                                              \
	X(nic_update)                                                                              \
	X(migrate_start)                                                                           \
	X(network_create)                                                                          \
	X(network_remove)                                                                          \
	X(volume_create)                                                                           \
	X(volume_remove)                                                                           \
	X(volume_resize)                                                                           \
	X(volume_snapshot)                                                                         \
	X(snapshot_create)                                                                         \
	X(snapshot_revert)                                                                         \
	X(snapshot_remove)
#define DECLARE(name) extern const nc_msg nc_##name##_request_msg;
MSGS(DECLARE)

typedef struct world {
	state st;
	nc_arena *a;
	nc_host_obj *from, *to;
	nc_vm *vm;
	nc_network_obj *net;
	nc_volume_obj *vol;
	nc_snapshot *snap;
	nc_operation *op;
} world;

static nc_object *put(world *w, nc_object *o)
{
	CHECK(state_put(&w->st, o));
	return o;
}

static nc_host_obj *make_host(world *w, const char *name, const char *provider)
{
	nc_host_obj *h = NC_AS(nc_host_obj, state_new(&nc_kind_host, name, w->a));
	h->provider = provider;
	h->target = name;
	h->vcpu_ratio = h->memory_ratio = h->disk_ratio = 1;
	return NC_AS(nc_host_obj, put(w, &h->o));
}

static void make_things(world *w, const char *provider)
{
	nc_pool_obj *pool = NC_AS(nc_pool_obj, state_new(&nc_kind_pool, "fast", w->a));
	pool->provider = provider;
	pool->target = "pool@driver";
	pool->allocation_ratio = 1;
	put(w, &pool->o);
	w->net = NC_AS(nc_network_obj, state_new(&nc_kind_network, "lan", w->a));
	w->net->provider = provider;
	w->net->type = "nat";
	w->net->cidr = "10.0.0.0/24";
	w->net->mtu = 1500;
	w->net->native_id = "net-driver";
	put(w, &w->net->o);
	w->vol = NC_AS(nc_volume_obj, state_new(&nc_kind_volume, "data", w->a));
	w->vol->provider = provider;
	w->vol->pool = pool->o.id;
	w->vol->size_gib = 7;
	w->vol->native_id = "vol-driver";
	put(w, &w->vol->o);
}

static void make_vm(world *w, const char *provider)
{
	nc_vm *vm = w->vm = NC_AS(nc_vm, state_new(&nc_kind_vm, "web-1", w->a));
	char uuid[37];
	nc_vm_uuid(vm->o.id, 1, uuid);
	vm->uuid = nc_arena_strdup(w->a, uuid);
	vm->incarnation = 1;
	vm->native_id = "guest-driver";
	vm->vcpus = 2;
	vm->memory_mib = 512;
	vm->provider = provider;
	vm->host = w->from->o.id;
	vm->move_to = w->to->o.id;
	vm->disks = nc_arena_new_array(w->a, nc_vm_disk, 2);
	vm->disks[0] = (nc_vm_disk){ .id = "disk_1", .size_gib = 10, .is_deleted_with_vm = 1 };
	vm->disks[1] = (nc_vm_disk){ .id = "disk_2", .size_gib = 7, .volume = w->vol->o.id };
	vm->n_disks = 2;
	vm->nics = nc_arena_new_array(w->a, nc_vm_nic, 1);
	vm->nics[0] =
		(nc_vm_nic){ .id = "nic_1", .mac = "52:54:00:00:00:01", .network = w->net->o.id };
	vm->n_nics = 1;
	CHECK(nc_object_label(&vm->o, "env", "prod") == NC_OK);
	put(w, &vm->o);
	w->snap = NC_AS(nc_snapshot, state_new(&nc_kind_snapshot, "before", w->a));
	w->snap->vm = vm->o.id;
	w->snap->quiesce = "required";
	w->snap->native_id = "snap-driver";
	put(w, &w->snap->o);
}

static void open_world(world *w)
{
	*w = (world){ .a = nc_arena_new(4u << 20) };
	REQUIRE(w->a && state_open(&w->st));
	nc_object *p = state_new(&nc_kind_provider, "prov", w->a);
	NC_AS(nc_provider, p)->plugin = "novacron.sim";
	put(w, p);
	w->from = make_host(w, "host-a", p->id);
	w->to = make_host(w, "host-b", p->id);
	make_things(w, p->id);
	make_vm(w, p->id);
	w->op = NC_AS(nc_operation, nc_object_new(&nc_kind_operation, w->a));
	w->op->steps = nc_arena_new_array(w->a, nc_op_step, 4);
	w->op->n_steps = 4;
	w->op->verb = "vm.create";
}

static void close_world(world *w)
{
	nc_arena_free(w->a);
	state_free(&w->st);
}

typedef enum { DO, UNDO } direction;

/* What one step of a type asks about `target`; the caller owns it. NULL = it could not. */
static json_t *ask(world *w, const nc_op_type *type, size_t step, direction d, nc_object *target,
	const char *request, const char *verb, const nc_msg *msg)
{
	_Alignas(max_align_t) char room[ROOM] = { 0 };
	nc_error err = NC_ERROR_INIT;
	nc_op_call call = { 0 };
	nc_msg_mem mem = { 0 };
	json_t *j = NULL;
	const nc_op_step_def *def = &type->steps[step];
	const nc_root *r = nc_db_read_begin(w->st.db);
	nc_opctx c = { .db = w->st.db, .root = r, .arena = w->a, .op = w->op, .target = target };
	w->op->target = (nc_op_target){ target->kind->name, target->id, target->name };
	w->op->request = request ? nc_str(request) : (nc_bytes){ NULL, 0 };
	nc_code rc = (d == DO ? def->prepare : def->undo_prepare)(&c, &call, &err);
	nc_db_read_end(w->st.db);
	if (!CHECK_OK(rc, &err))
		return NULL;
	CHECK_STR(call.verb, verb);
	CHECK_STR(call.provider, w->vm->provider);
	if (CHECK(msg->size <= ROOM))
		CHECK_OK(nc_msg_read(msg, call.request, &mem, room, &err), &err);
	nc_msg_done(&mem);
	CHECK_OK(nc_json_parse(call.request, 1u << 20, &j, &err), &err);
	return j;
}

/* "disks.1.volume" */
static const json_t *at(const json_t *j, const char *path)
{
	char text[100], *save = NULL;
	snprintf(text, sizeof(text), "%s", path);
	for (char *word = strtok_r(text, ".", &save); word; word = strtok_r(NULL, ".", &save))
		j = json_is_array(j) ? json_array_get(j, (size_t)atoi(word))
				     : json_object_get(j, word);
	return j;
}

#define IS(path, value)     CHECK_STR(json_string_value(at(q, (path))), (value))
#define IS_INT(path, value) CHECK_INT(json_integer_value(at(q, (path))), (value))
#define IS_TRUE(path)       CHECK(json_is_true(at(q, (path))))
#define IS_FALSE(path)      CHECK(json_is_false(at(q, (path))))
#define IS_ABSENT(path)     CHECK(at(q, (path)) == NULL)
#define ASK(type, step, direction, target, request, verb, name)                                    \
	_cleanup_(nc_json_decrefp) json_t *q = ask(&w, &(type), (step), (direction), (target),     \
		(request), (verb), &nc_##name##_request_msg);                                      \
	REQUIRE(q != NULL)

static void a_create_names_network_and_volume_as_the_driver_does(void)
{
	world w;
	open_world(&w);
	ASK(nc_flow_vm_create, 1, DO, &w.vm->o, NULL, "compute.create", compute_create);
	IS("nics.0.network", "net-driver");
	IS("nics.0.mac", "52:54:00:00:00:01");
	IS("disks.1.volume", "vol-driver");
	IS("tag.object", w.vm->o.id);
	IS("metadata.env", "prod");
	close_world(&w);
}

static void what_the_driver_has_not_made_is_not_asked_for(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	nc_op_call call = { 0 };
	open_world(&w);
	w.net->native_id = NULL;
	put(&w, &w.net->o);
	const nc_root *r = nc_db_read_begin(w.st.db);
	nc_opctx c = { .db = w.st.db, .root = r, .arena = w.a, .op = w.op, .target = &w.vm->o };
	CHECK_CODE(nc_flow_vm_create.steps[1].prepare(&c, &call, &err), NC_E_CONFLICT);
	nc_db_read_end(w.st.db);
	CHECK(strstr(err.message, "lan") != NULL);
	close_world(&w);
}

static void disks_are_asked_for_by_their_ids(void)
{
	world w;
	open_world(&w);
	{
		ASK(nc_flow_vm_disk[0], 1, DO, &w.vm->o, "{\"id\":\"disk_2\"}", "disk.attach",
			disk_attach);
		IS("disk.id", "disk_2");
		IS("disk.volume", "vol-driver");
		IS("native_id", "guest-driver");
	}
	{ /* taken back, a volume is not deleted */
		ASK(nc_flow_vm_disk[0], 1, UNDO, &w.vm->o, "{\"id\":\"disk_2\"}", "disk.detach",
			disk_detach);
		IS_FALSE("delete");
	}
	{ /* and one of the VM's own is */
		ASK(nc_flow_vm_disk[1], 0, DO, &w.vm->o, "{\"id\":\"disk_1\"}", "disk.detach",
			disk_detach);
		IS_TRUE("delete");
	}
	w.vm->disks[0].is_deleted_with_vm = 0;
	{ /* unless it is to be kept; what an attach has left is never kept */
		w.op->verb = "vm.disk.detach";
		ASK(nc_flow_vm_disk[1], 0, DO, &w.vm->o, "{\"id\":\"disk_1\"}", "disk.detach",
			disk_detach);
		IS_FALSE("delete");
	}
	{
		w.op->verb = "vm.disk.attach";
		ASK(nc_flow_vm_disk[0], 1, UNDO, &w.vm->o, "{\"id\":\"disk_1\"}", "disk.detach",
			disk_detach);
		IS_TRUE("delete");
	}
	{
		ASK(nc_flow_vm_disk[2], 1, DO, &w.vm->o, "{\"id\":\"disk_1\",\"size_gib\":12}",
			"disk.resize", disk_resize);
		IS_INT("size_gib", 12);
	}
	close_world(&w);
}

static void nics_are_asked_for_by_their_ids(void)
{
	world w;
	open_world(&w);
	{
		ASK(nc_flow_vm_nic[0], 0, DO, &w.vm->o, "{\"id\":\"nic_1\"}", "nic.attach",
			nic_attach);
		IS("nic.network", "net-driver");
	}
	{
		ASK(nc_flow_vm_nic[0], 0, UNDO, &w.vm->o, "{\"id\":\"nic_1\"}", "nic.detach",
			nic_detach);
		IS("nic", "nic_1");
	}
	{
		char text[160];
		snprintf(text, sizeof(text),
			"{\"id\":\"nic_1\",\"network\":\"%s\",\"address\":\"10.0.0.9\"}",
			w.net->o.id);
		ASK(nc_flow_vm_nic[2], 0, DO, &w.vm->o, text, "nic.update", nic_update);
		IS("network", "net-driver");
		IS("address", "10.0.0.9");
	}
	close_world(&w);
}

static void a_migration_names_the_other_host_and_back_the_first(void)
{
	world w;
	const char *request = "{\"live\":true,\"storage\":\"copy\",\"bandwidth_mib_s\":50}";
	open_world(&w);
	{
		ASK(nc_flow_vm_migrate, 1, DO, &w.vm->o, request, "migrate.start", migrate_start);
		IS("destination", "host-b");
		IS("mode", "live");
		IS("storage", "copy");
		IS_INT("bandwidth_mib_s", 50);
		IS_ABSENT("max_downtime_ms");
	}
	{
		ASK(nc_flow_vm_migrate, 1, UNDO, &w.vm->o, request, "migrate.start", migrate_start);
		IS("destination", "host-a");
	}
	close_world(&w);
}

/* Where it is asked: of the destination once it has arrived there, else of the source. */
static void moving_back_is_asked_of_where_it_is(void)
{
	world w;
	nc_error err = NC_ERROR_INIT;
	open_world(&w);
	w.op->request = nc_str("{\"live\":false,\"storage\":\"shared\"}");
	for (int has_arrived = 0; has_arrived < 2; has_arrived++) {
		nc_op_call call = { 0 };
		w.op->steps[1].state = has_arrived ? NC_STEP_DONE : NC_STEP_FAILED;
		const nc_root *r = nc_db_read_begin(w.st.db);
		nc_opctx c = {
			.db = w.st.db, .root = r, .arena = w.a, .op = w.op, .target = &w.vm->o
		};
		CHECK_OK(nc_flow_vm_migrate.steps[1].undo_prepare(&c, &call, &err), &err);
		nc_db_read_end(w.st.db);
		CHECK_STR(call.target, has_arrived ? "host-b" : "host-a");
	}
	close_world(&w);
}

/* A driver that names another host has not taken it back, whatever it calls that. */
static void move_back_counts_only_where_the_answer_names_the_source(void)
{
	static const struct {
		const char *answer;
		nc_code code;
	} rows[] = {
		{ "{\"host\":\"host-a\",\"power\":\"running\"}", NC_OK },
		{ "{\"host\":\"host-b\",\"power\":\"running\"}", NC_E_PROTO },
		{ "{\"power\":\"running\"}", NC_E_INVAL },
	};
	world w;
	open_world(&w);
	for (size_t i = 0; i < NC_LEN(rows); i++) {
		nc_error err = NC_ERROR_INIT;
		const nc_root *r = nc_db_read_begin(w.st.db);
		nc_opctx c = {
			.db = w.st.db, .root = r, .arena = w.a, .op = w.op, .target = &w.vm->o
		};
		CHECK_CODE(
			nc_flow_vm_migrate.steps[1].undo_finish(&c, nc_str(rows[i].answer), &err),
			rows[i].code);
		nc_db_read_end(w.st.db);
	}
	close_world(&w);
}

/* What may still be copied is not moved back, and a move back that is unclear frees neither host. */
static void unclear_move_keeps_both_hosts(void)
{
	nc_op_error unclear = { .code = "timeout", .message = "?", .is_outcome_unknown = 1 };
	nc_error err = NC_ERROR_INIT;
	nc_op_call call = { 0 };
	world w;
	open_world(&w);
	w.op->request = nc_str("{\"live\":true,\"storage\":\"shared\"}");
	nc_op_step *move = &w.op->steps[1];
	const nc_root *r = nc_db_read_begin(w.st.db);
	nc_opctx c = { .db = w.st.db, .root = r, .arena = w.a, .op = w.op, .target = &w.vm->o };
	const char *to = w.vm->move_to, *from = w.vm->host;
	move->error = &unclear;
	move->state = NC_STEP_FAILED;
	CHECK_CODE(nc_flow_vm_migrate.steps[1].undo_prepare(&c, &call, &err), NC_E_TIMEOUT);
	move->undo = NC_UNDO_FAILED;
	for (int has_arrived = 0; has_arrived < 2; has_arrived++) {
		move->state = has_arrived ? NC_STEP_DONE : NC_STEP_FAILED;
		nc_err_clear(&err);
		CHECK_OK(nc_flow_vm_migrate.steps[0].undo(&c, &err), &err);
		CHECK_STR(w.vm->move_to, to);
		CHECK_STR(w.vm->host, from);
	}
	nc_db_read_end(w.st.db);
	close_world(&w);
}

static void snapshots_of_volumes_are_asked_of_their_pool(void)
{
	world w;
	open_world(&w);
	w.snap->vm = NULL;
	w.snap->volume = w.vol->o.id;
	{
		ASK(nc_flow_volume_snapshot[0], 1, DO, &w.snap->o, NULL, "volume.snapshot",
			volume_snapshot);
		IS("volume", "vol-driver");
		IS("tag.object", w.snap->o.id);
	}
	{
		ASK(nc_flow_volume_snapshot[1], 0, DO, &w.snap->o, NULL, "volume.remove",
			volume_remove);
		IS("native_id", "snap-driver");
	}
	close_world(&w);
}

static void networks_volumes_and_snapshots_are_asked_for(void)
{
	world w;
	open_world(&w);
	{
		ASK(nc_flow_network_create, 0, DO, &w.net->o, NULL, "network.create",
			network_create);
		IS("cidr", "10.0.0.0/24");
		IS("tag.object", w.net->o.id);
	}
	{
		ASK(nc_flow_network_delete, 0, DO, &w.net->o, NULL, "network.remove",
			network_remove);
		IS("native_id", "net-driver");
	}
	{
		ASK(nc_flow_volume_create, 1, DO, &w.vol->o, NULL, "volume.create", volume_create);
		IS_INT("size_gib", 7);
	}
	{
		ASK(nc_flow_volume_create, 1, UNDO, &w.vol->o, NULL, "volume.remove",
			volume_remove);
		IS("native_id", "vol-driver");
	}
	{
		ASK(nc_flow_volume_resize, 1, DO, &w.vol->o, "{\"size_gib\":9}", "volume.resize",
			volume_resize);
		IS_INT("size_gib", 9);
	}
	{
		ASK(nc_flow_snapshot[0], 0, DO, &w.snap->o, NULL, "snapshot.create",
			snapshot_create);
		IS("snapshot_id", w.snap->o.id);
		IS("tag.object", w.vm->o.id); /* it lies in the guest */
		IS_TRUE("quiesce");
	}
	{
		ASK(nc_flow_snapshot[1], 0, DO, &w.snap->o, "{\"start\":true}", "snapshot.revert",
			snapshot_revert);
		IS_TRUE("start");
	}
	{
		ASK(nc_flow_snapshot[2], 0, DO, &w.snap->o, NULL, "snapshot.remove",
			snapshot_remove);
		IS("snapshot", "snap-driver");
	}
	close_world(&w);
}

/* Prepared without memory at any point it is not asked for at all, rather than in another mode. */
static void a_stop_is_asked_for_as_it_was_meant(void)
{
	const nc_op_step_def *stop = &nc_flow_vm_power[1].steps[0];
	int has_failed = 1;
	world w;

	open_world(&w);
	nc_alloc_install();
	w.op->verb = "vm.stop";
	w.op->target = (nc_op_target){ "vm", w.vm->o.id, w.vm->o.name };
	w.op->request = nc_str("{\"mode\":\"force\"}");
	for (uint64_t n = 1; has_failed; n++) {
		nc_error err = NC_ERROR_INIT;
		nc_op_call call = { 0 };
		_cleanup_(nc_arena_freep) nc_arena *turn = nc_arena_new(1u << 20);
		const nc_root *r = nc_db_read_begin(w.st.db);
		nc_opctx c = {
			.db = w.st.db, .root = r, .arena = turn, .op = w.op, .target = &w.vm->o
		};
		nc_alloc_fail_at(n, NC_FAIL_ONCE);
		nc_code rc = stop->prepare(&c, &call, &err);
		has_failed = nc_alloc_has_failed();
		nc_alloc_fail_at(0, NC_FAIL_ONCE);
		nc_db_read_end(w.st.db);
		if (rc == NC_OK)
			CHECK(memmem(call.request.ptr, call.request.len, "\"force\"", 7) != NULL);
		else
			CHECK_CODE(rc, NC_E_NOMEM);
	}
	close_world(&w);
}

NC_TESTS(flow_request){
	T(a_create_names_network_and_volume_as_the_driver_does),
	T(what_the_driver_has_not_made_is_not_asked_for),
	T(disks_are_asked_for_by_their_ids),
	T(nics_are_asked_for_by_their_ids),
	T(a_migration_names_the_other_host_and_back_the_first),
	T(moving_back_is_asked_of_where_it_is),
	T(move_back_counts_only_where_the_answer_names_the_source),
	T(unclear_move_keeps_both_hosts),
	T(networks_volumes_and_snapshots_are_asked_for),
	T(snapshots_of_volumes_are_asked_of_their_pool),
	T(a_stop_is_asked_for_as_it_was_meant),
};
