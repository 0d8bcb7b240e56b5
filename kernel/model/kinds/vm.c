/* SPDX-License-Identifier: Apache-2.0 */
#include "model/vm.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "model/netcheck.h"

/* The VM's table, and the rules across its fields. Transitions: vm_transition.c. */

static const char *const run_policy_words[] = { "manual", "on-failure", "always", NULL };

static const nc_field_def disk_fields[] = {
	NC_FIELD_STR(nc_vm_disk, id, "id", .mut = NC_SERVER, .doc = "Made by the server"),
	NC_FIELD_I64(nc_vm_disk, size_gib, "size_gib", .min = 1, .max = 1 << 20,
		.flags = NC_FF_ZERO_NULL, .unit = "GiB",
		.doc = "Left out: the image's or volume's"),
	NC_FIELD_REF(nc_vm_disk, pool, "pool", NC_KIND_POOL, .mut = NC_IMMUTABLE,
		.doc = "Where it lies; left out: the scheduler chooses"),
	NC_FIELD_REF(nc_vm_disk, volume, "volume", NC_KIND_VOLUME, .mut = NC_IMMUTABLE,
		.flags = NC_FF_UNIQUE, .doc = "An existing volume to attach; it always stays"),
	NC_FIELD_REF(nc_vm_disk, image, "image", NC_KIND_IMAGE, .mut = NC_IMMUTABLE,
		.doc = "What it holds at first; left out: nothing"),
	NC_FIELD_BOOL(nc_vm_disk, is_deleted_with_vm, "delete_with_vm", .flags = NC_FF_DEFAULT,
		.def = 1, .doc = "It goes with the VM"),
	NC_FIELD_STR(nc_vm_disk, device, "device", NC_BY_SERVER, .doc = "What the guest calls it"),
};
static const nc_sub_def disk_def = NC_SUB_DEF("VmDisk", disk_fields, nc_vm_disk, "disk", "disk");

static const nc_field_def nic_fields[] = {
	NC_FIELD_STR(nc_vm_nic, id, "id", .mut = NC_SERVER, .doc = "Made by the server"),
	NC_FIELD_STR(nc_vm_nic, mac, "mac", .mut = NC_IMMUTABLE, .max_len = 17,
		.flags = NC_FF_UNIQUE | NC_FF_INDEXED, .index = NC_VM_IX_MAC,
		.doc = "Left out: made by the server; no two VMs have the same"),
	NC_FIELD_REF(nc_vm_nic, network, "network", NC_KIND_NETWORK,
		.doc = "Left out: the project's default network"),
	NC_FIELD_STR(nc_vm_nic, address, "address", .max_len = 45,
		.doc = "Left out: the network chooses"),
	NC_FIELD_REF(nc_vm_nic, port, "port", NC_KIND_PORT, NC_BY_SERVER, .doc = "Its port"),
	NC_FIELD_REFS(nc_vm_nic, security_groups, "security_groups", NC_KIND_SECURITY_GROUP,
		.doc = "What may come in and go out"),
};
static const nc_sub_def nic_def = NC_SUB_DEF("VmNic", nic_fields, nc_vm_nic, "nic", "nic");

static const nc_field_def address_fields[] = {
	NC_FIELD_STR(nc_vm_address, ip, "ip", .doc = "Address"),
	NC_FIELD_STR(
		nc_vm_address, source, "source", .doc = "Who says so: ipam, lease, agent, arp"),
	NC_FIELD_TIME(nc_vm_address, observed_at_ms, "observed_at", .doc = "When"),
};
static const nc_sub_def address_def =
	NC_SUB_DEF("VmAddress", address_fields, nc_vm_address, NULL, NULL);

static const nc_field_def port_fields[] = {
	NC_FIELD_STR(nc_vm_port, id, "id", .doc = "Of the NIC"),
	NC_FIELD_STR(nc_vm_port, mac, "mac", .doc = "Hardware address"),
	NC_FIELD_OBJS(nc_vm_port, addresses, "addresses", &address_def, .doc = "As seen"),
};
static const nc_sub_def port_def = NC_SUB_DEF("VmPort", port_fields, nc_vm_port, NULL, NULL);

static const nc_field_def resources_fields[] = {
	NC_FIELD_F64(nc_vm_resources, cpu, "cpu", .min = 1, .max = 1024, .flags = NC_FF_ZERO_NULL,
		.doc = "vcpus"),
	NC_FIELD_F64(nc_vm_resources, memory_gb, "memory_gb", .max = 1 << 14,
		.flags = NC_FF_ZERO_NULL, .unit = "GiB", .doc = "memory_mib / 1024"),
	NC_FIELD_F64(nc_vm_resources, storage_gb, "storage_gb", .max = 1 << 20,
		.flags = NC_FF_ZERO_NULL, .unit = "GiB", .doc = "size_gib of the first disk"),
};
static const nc_sub_def resources_def =
	NC_SUB_DEF("VmResources", resources_fields, nc_vm_resources, NULL, NULL);

static const nc_field_def doing_fields[] = {
	NC_FIELD_ENUM(nc_vm_doing, verb, "verb", nc_vm_verb_words, .doc = "What is being done"),
	NC_FIELD_ENUM(nc_vm_doing, from, "from", nc_vm_lifecycle_words, .doc = "What it was"),
};
static const nc_sub_def doing_def = NC_SUB_DEF("VmDoing", doing_fields, nc_vm_doing, NULL, NULL);

static const nc_field_def resize_fields[] = {
	NC_FIELD_I64(nc_vm_resize, vcpus, "vcpus", .doc = "Before"),
	NC_FIELD_I64(nc_vm_resize, memory_mib, "memory_mib", .unit = "MiB", .doc = "Before"),
	NC_FIELD_REF(nc_vm_resize, instance_type, "instance_type", NC_KIND_INSTANCE_TYPE,
		.flags = NC_FF_WEAK, .doc = "Before"),
	NC_FIELD_U64(
		nc_vm_resize, instance_type_revision, "instance_type_revision", .doc = "Before"),
	NC_FIELD_REF(nc_vm_resize, host, "host", NC_KIND_HOST, .doc = "Before"),
};
static const nc_sub_def resize_def =
	NC_SUB_DEF("VmResize", resize_fields, nc_vm_resize, NULL, NULL);

#define FIXED_REF(m, json, kind, ...)                                                              \
	NC_FIELD_REF(nc_vm, m, json, NC_KIND_##kind, .mut = NC_IMMUTABLE, __VA_ARGS__)
#define BY_REF .flags = NC_FF_INDEXED, .index = NC_IX_REF

static const nc_field_def fields[] = {
	NC_FIELD_ENUM(nc_vm, desired_state, "desired_state", nc_vm_desired_words,
		.mut = NC_IMMUTABLE,
		.hint = "use POST /api/v1/vms/{id}/start, stop, pause, suspend or shelve",
		.doc = "What it is meant to be; a create may say running or stopped"),
	NC_FIELD_ENUM(nc_vm, run_policy, "run_policy", run_policy_words, .flags = NC_FF_TO_COME,
		.hint = "nobody starts a guest again yet: leave it manual",
		.doc = "Whether it is started again when it powers off or its host comes back"),
	NC_FIELD_I64(nc_vm, start_priority, "start_priority", .min = -1000, .max = 1000,
		.flags = NC_FF_TO_COME, .doc = "Higher ones are started first"),
	NC_FIELD_I64(nc_vm, shutdown_timeout_s, "shutdown_timeout_s", .min = 0, .max = 86400,
		.flags = NC_FF_DEFAULT, .def = 120, .unit = "s",
		.doc = "How long a graceful stop may take before it is forced"),
	NC_FIELD_I64(nc_vm, vcpus, "vcpus", .mut = NC_NEXT_START, .min = 1, .max = 1024,
		.flags = NC_FF_ZERO_NULL, .doc = "Virtual processors"),
	NC_FIELD_I64(nc_vm, memory_mib, "memory_mib", .mut = NC_NEXT_START, .min = 16,
		.max = 1 << 24, .flags = NC_FF_ZERO_NULL, .unit = "MiB", .doc = "Memory"),
	FIXED_REF(template_id, "template", TEMPLATE, .flags = NC_FF_WEAK | NC_FF_INDEXED,
		.index = NC_VM_IX_TEMPLATE, .hint = "use POST /api/v1/vms/{id}/rebuild",
		.doc = "Where its defaults came from"),
	NC_FIELD_U64(nc_vm, template_revision, "template_revision", .mut = NC_SERVER,
		.flags = NC_FF_ZERO_NULL, .doc = "Of the template as it was then"),
	FIXED_REF(instance_type, "instance_type", INSTANCE_TYPE,
		.flags = NC_FF_WEAK | NC_FF_INDEXED, .index = NC_VM_IX_INSTANCE_TYPE,
		.hint = "use POST /api/v1/vms/{id}/resize", .doc = "Where its sizing came from"),
	NC_FIELD_U64(nc_vm, instance_type_revision, "instance_type_revision", .mut = NC_SERVER,
		.flags = NC_FF_ZERO_NULL, .doc = "Of the instance type as it was then"),
	FIXED_REF(image, "image", IMAGE, BY_REF, .hint = "use POST /api/v1/vms/{id}/rebuild",
		.doc = "What the first disk holds at first"),
	FIXED_REF(volume, "volume", VOLUME, .flags = NC_FF_INPUT,
		.hint = "use POST /api/v1/vms/{id}/disks", .doc = "A volume to boot from"),
	FIXED_REF(zone, "zone", ZONE, BY_REF, .hint = "use POST /api/v1/vms/{id}/migrate",
		.doc = "Where it must run; left out: anywhere"),
	FIXED_REF(host_wanted, "host_wanted", HOST, .flags = NC_FF_WEAK,
		.hint = "use POST /api/v1/vms/{id}/migrate",
		.doc = "The host that its create insisted on"),
	/* Often the scheduler's choice, which must not move the ETag. */
	FIXED_REF(provider, "provider", PROVIDER, BY_REF, .cls = NC_STATE,
		.doc = "Whose hosts it runs on; left out: the scheduler chooses"),
	FIXED_REF(vm_group, "vm_group", VM_GROUP, BY_REF,
		.doc = "With whom it keeps together or apart"),
	NC_FIELD_OBJS(nc_vm, disks, "disks", &disk_def, .mut = NC_SUBRESOURCE, .doc = "Its disks"),
	NC_FIELD_OBJS(nc_vm, nics, "nics", &nic_def, .mut = NC_SUBRESOURCE, .max_len = 32,
		.doc = "Where it is plugged in; none: the project's default network"),
	NC_FIELD_REFS(nc_vm, ssh_keys, "ssh_keys", NC_KIND_SSH_KEY, .mut = NC_IMMUTABLE,
		.flags = NC_FF_WEAK, .hint = "keys are put in at the first boot: use rebuild",
		.doc = "Who may log in"),
	NC_FIELD_SECRET(nc_vm, user_data, "user_data", .doc = "For cloud-init; read at a start"),
	NC_FIELD_JSON(nc_vm, provider_data, "provider_data", .cls = NC_STATE, .mut = NC_IMMUTABLE,
		.flags = NC_FF_TO_COME, .hint = "no driver is told it yet: leave it out",
		.doc = "What only this provider has, as its driver said when it made it"),
	NC_FIELD_TIME(nc_vm, expires_at_ms, "expires_at", .flags = NC_FF_TO_COME,
		.hint = "delete it yourself when it is time",
		.doc = "When it is deleted by itself"),
	NC_FIELD_OBJ(nc_vm, resources, "resources", &resources_def, .mut = NC_IMMUTABLE,
		.flags = NC_FF_INPUT, .hint = "use vcpus and memory_mib",
		.doc = "Another way to say vcpus, memory_mib and the first disk's size_gib"),

	NC_FIELD_ENUM(nc_vm, lifecycle, "lifecycle", nc_vm_lifecycle_words, NC_BY_SERVER,
		.doc = "What it is"),
	NC_FIELD_ENUM(nc_vm, task, "task", nc_vm_task_words, NC_BY_SERVER, .flags = NC_FF_NULL,
		.doc = "What is being done to it"),
	NC_FIELD_OBJ(
		nc_vm, doing, "doing", &doing_def, NC_BY_SERVER, .doc = "The verb behind task"),
	NC_FIELD_ENUM(nc_vm, power, "power", nc_vm_power_words, NC_BY_SERVER,
		.hint = "use POST /api/v1/vms/{id}/start or stop",
		.doc = "What the hypervisor said last"),
	NC_FIELD_U64(nc_vm, generation, "generation", NC_BY_SERVER, .doc = "Of what was asked"),
	NC_FIELD_U64(nc_vm, observed_generation, "observed_generation", NC_BY_SERVER,
		.doc = "Of what the driver has done"),
	NC_FIELD_JSON(nc_vm, pending, "pending", .mut = NC_SERVER, .flags = NC_FF_PENDING,
		.hint = "PATCH the field itself; its present value takes the change back",
		.doc = "Changes that wait for the next start"),
	NC_FIELD_REF(nc_vm, host, "host", NC_KIND_HOST, .cls = NC_STATE, .mut = NC_IMMUTABLE,
		.flags = NC_FF_NULL | NC_FF_INDEXED, .index = NC_IX_REF,
		.hint = "use POST /api/v1/vms/{id}/migrate",
		.doc = "Where it is; in a create: where it must be"),
	NC_FIELD_REF(nc_vm, move_to, "moving_to", NC_KIND_HOST, NC_BY_SERVER,
		.doc = "The host that it moves to; while task is null: it is not known yet on "
		       "which of the two it is"),
	NC_FIELD_REF(nc_vm, move_operation, "move_operation", NC_KIND_OPERATION, NC_BY_SERVER,
		.flags = NC_FF_WEAK, .doc = "The migration that moving_to belongs to"),
	NC_FIELD_REF(nc_vm, operation, "operation", NC_KIND_OPERATION, NC_BY_SERVER,
		.flags = NC_FF_WEAK, .doc = "The one at work on it"),
	NC_FIELD_STR(nc_vm, uuid, "uuid", NC_BY_SERVER, .flags = NC_FF_INDEXED,
		.index = NC_VM_IX_UUID, .doc = "What the hypervisor knows it by"),
	NC_FIELD_STR(nc_vm, native_id, "native_id", NC_BY_SERVER, .doc = "The provider's own id"),
	NC_FIELD_U64(nc_vm, incarnation, "incarnation", NC_BY_SERVER,
		.doc = "Moves with each rebuild: another guest under the same name"),
	NC_FIELD_BOOL(nc_vm, is_locked, "locked", NC_BY_SERVER,
		.hint = "an abandoned operation sets it, POST /api/v1/vms/{id}/reset-state clears "
			"it",
		.doc = "Nothing may be done to it"),
	NC_FIELD_STR(nc_vm, locked_reason, "locked_reason", NC_BY_SERVER, .doc = "Why"),
	NC_FIELD_OBJ(nc_vm, resize_from, "resize_from", &resize_def, NC_BY_SERVER,
		.doc = "What reverting the resize goes back to"),
	NC_FIELD_OBJ(nc_vm, error, "error", &nc_op_error_def, NC_BY_SERVER,
		.doc = "Why lifecycle is error"),

	NC_FIELD_OBJS(
		nc_vm, ports, "ports", &port_def, NC_SEEN, .doc = "NICs as seen from outside"),
	NC_FIELD_STR(nc_vm, primary_ip, "primary_ip", NC_SEEN, .flags = NC_FF_NULL,
		.doc = "The address to reach it by"),
	NC_FIELD_STR(nc_vm, agent_version, "agent_version", NC_SEEN, .doc = "Of the guest agent"),
};
static const char *const indexes[] = { "uuid", "template", "instance_type", "mac" };

/* ---- the rules ---- */

static void fault_disk(nc_faults *f, size_t i, const char *field, const char *code, const char *why)
{
	char path[64];
	snprintf(path, sizeof(path), "disks[%zu].%s", i, field);
	nc_fault_add(f, nc_arena_strdup(f->arena, path), code, "%s", why);
}

static void validate_disk(const nc_vm_disk *d, size_t i, nc_faults *f)
{
	if (d->volume && d->image)
		fault_disk(f, i, "image", "conflict", "a volume that is attached has its content");
	if (d->volume && d->pool)
		fault_disk(
			f, i, "pool", "conflict", "a volume that is attached lies where it lies");
	if (!d->volume && !d->image && !d->size_gib)
		fault_disk(f, i, "size_gib", "required", "must be given for an empty disk");
}

static void validate_nic(const nc_vm_nic *n, size_t i, nc_faults *f)
{
	char path[64];
	if (n->mac && !nc_mac_is(n->mac)) {
		snprintf(path, sizeof(path), "nics[%zu].mac", i);
		nc_fault_add(f, nc_arena_strdup(f->arena, path), "format",
			"is not a hardware address like 52:54:00:12:34:56");
	} else if (n->mac && strchr("13579bdfBDF", n->mac[1])) {
		snprintf(path, sizeof(path), "nics[%zu].mac", i);
		nc_fault_add(f, nc_arena_strdup(f->arena, path), "format",
			"is the address of a group, not of one card");
	}
	if (n->address && !nc_ip_is(n->address)) {
		snprintf(path, sizeof(path), "nics[%zu].address", i);
		nc_fault_add(f, nc_arena_strdup(f->arena, path), "format", "is not an IP address");
	}
}

static void validate(const nc_object *obj, nc_faults *f)
{
	const nc_vm *vm = NC_AS(const nc_vm, obj);
	int has_sizing = vm->template_id || vm->instance_type;
	if (!vm->vcpus && !has_sizing) {
		nc_fault_add(f, "vcpus", "required", "must be given");
		nc_fault_hint(f, "give vcpus and memory_mib, or an instance_type");
	}
	if (!vm->memory_mib && !has_sizing)
		nc_fault_add(f, "memory_mib", "required", "must be given");
	for (size_t i = 0; i < vm->n_disks; i++)
		validate_disk(&vm->disks[i], i, f);
	for (size_t i = 0; i < vm->n_nics; i++)
		validate_nic(&vm->nics[i], i, f);
}

/* ---- what a create may say in other words ---- */

/* An alias in its own unit into a count; what is left over counts as one more, unless it is to be
 * whole. */
static void fold_size(double v, int64_t scale, int is_whole, int64_t *to, const char *alias,
	const char *field, nc_faults *f)
{
	double x = v * (double)scale;
	if (v == 0 || !(x >= 0 && x < 9e15))
		return; /* not given; or out of range, which is said already */
	int64_t n = (int64_t)x;
	int has_rest = x - (double)n > 0;
	n += has_rest;
	if (is_whole && has_rest)
		nc_fault_add(f, alias, "range", "must be a whole number");
	else if (*to && *to != n)
		nc_fault_add(f, alias, "conflict", "says other than %s", field);
	else
		*to = n;
}

/* The first disk, made if there is none. NULL = arena full. */
static nc_vm_disk *first_disk(nc_vm *vm)
{
	if (vm->n_disks)
		return &vm->disks[0];
	nc_vm_disk *d = nc_arena_new_array(vm->o.arena, nc_vm_disk, 1);
	char id[NC_ID_MAX];
	nc_id_make(disk_def.id_prefix, id);
	if (!d || !(d->id = nc_arena_strdup(vm->o.arena, id)))
		return NULL;
	d->is_deleted_with_vm = 1;
	vm->disks = d;
	vm->n_disks = 1;
	return d;
}

static void fold_boot_disk(nc_vm *vm, nc_faults *f)
{
	double storage = vm->resources ? vm->resources->storage_gb : 0;
	if (!vm->image && !vm->volume && storage == 0)
		return;
	nc_vm_disk *d = first_disk(vm);
	if (!d) {
		f->is_nomem = 1;
		return;
	}
	fold_size(storage, 1, 0, &d->size_gib, "resources.storage_gb", "disks[0].size_gib", f);
	if (vm->image && vm->volume)
		nc_fault_add(f, "volume", "conflict", "either image or volume can be booted from");
	else if (vm->volume && (d->image || d->volume))
		nc_fault_add(f, "volume", "conflict", "disks[0] says what is booted from");
	else if (vm->volume)
		d->volume = vm->volume;
	else if (vm->image && !d->image && !d->volume)
		d->image = vm->image;
}

static void normalize(nc_object *obj, nc_faults *f)
{
	nc_vm *vm = NC_AS(nc_vm, obj);
	const nc_vm_resources *r = vm->resources;
	if (r) {
		fold_size(r->cpu, 1, 1, &vm->vcpus, "resources.cpu", "vcpus", f);
		fold_size(r->memory_gb, 1024, 0, &vm->memory_mib, "resources.memory_gb",
			"memory_mib", f);
	}
	if (vm->host && !nc_faults_has(f, "host")) {
		vm->host_wanted = vm->host;
		vm->host = NULL;
	}
	fold_boot_disk(vm, f);
	for (size_t i = 0; i < vm->n_disks; i++)
		if (vm->disks[i].volume)
			vm->disks[i].is_deleted_with_vm = 0;
	if (vm->desired_state > NC_VM_WANT_STOPPED)
		nc_fault_add(f, "desired_state", "choice", "a create may say running or stopped");
}

/* ---- what follows from the rest ---- */

/* The first address that the guest or the network vouches for, IPv4 before IPv6. */
static const char *find_primary_ip(const nc_vm *vm)
{
	const char *best = NULL;
	for (size_t i = 0; i < vm->n_ports; i++)
		for (size_t k = 0; k < vm->ports[i].n_addresses; k++) {
			const char *ip = vm->ports[i].addresses[k].ip;
			if (ip && !strchr(ip, ':'))
				return ip;
			best = best ? best : ip;
		}
	return best;
}

static void derive(nc_object *obj)
{
	nc_vm *vm = NC_AS(nc_vm, obj);
	obj->status = nc_vm_status_words[nc_vm_status_of(vm->lifecycle, vm->task, vm->power)];
	vm->generation = obj->revision;
	if (vm->is_as_asked && !vm->pending.ptr)
		vm->observed_generation = obj->revision;
	vm->primary_ip = find_primary_ip(vm);
}

/* Whether a new size must wait: a guest has the old one, running or not, and a host keeps room for
 * that. A start claims the new one and tells the driver. */
static int defers(const nc_object *obj)
{
	const nc_vm *vm = NC_AS(const nc_vm, obj);
	return vm->host || vm->task != NC_VM_IDLE;
}

const nc_kind nc_kind_vm = {
	NC_KIND_TABLE(VM, "vm", "vms", "vm", nc_vm, fields),
	.scope = NC_SCOPE_PROJECT,
	.verbs = NC_CAN_ALL,
	.flags = NC_KF_SOFT_DELETE,
	.n_own_indexes = NC_LEN(indexes),
	.own_indexes = indexes,
	.own_unique = 1u << (NC_VM_IX_UUID - NC_IX_OWN) | 1u << (NC_VM_IX_MAC - NC_IX_OWN),
	.statuses = nc_vm_status_words,
	.initial_status = "creating",
	.feature = "nc.compute/1",
	.normalize = normalize,
	.validate = validate,
	.derive = derive,
	.defers = defers,
	.doc = "A virtual machine",
};
