/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"
#include "model/guest.h"
#include "model/vm.h"

/*
 * What a create leaves to its template and instance type. The request comes first, then the
 * instance type it names, then the template, then the template's own instance type (which the
 * caller passes when the request names none). Changes the struct alone.
 */

static int say_defaulted(nc_vm *vm, const char *field, nc_faults *f)
{
	if (nc_object_defaulted(&vm->o, field))
		f->is_nomem = 1;
	return 1;
}

static void fill_i64(nc_vm *vm, int64_t *to, int64_t from, const char *field, nc_faults *f)
{
	if (!*to && from) {
		*to = from;
		say_defaulted(vm, field, f);
	}
}

static const char *make_id(nc_vm *vm, const char *prefix)
{
	char id[NC_ID_MAX];
	nc_id_make(prefix, id);
	return nc_arena_strdup(vm->o.arena, id);
}

static void fill_disks(nc_vm *vm, const nc_template *t, nc_faults *f)
{
	size_t n = t->n_disks ? t->n_disks : t->image != NULL;
	nc_vm_disk *v = n ? nc_arena_new_array(vm->o.arena, nc_vm_disk, n) : NULL;
	if (!v) {
		f->is_nomem |= n > 0;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		v[i] = (nc_vm_disk){ .id = make_id(vm, "disk"), .is_deleted_with_vm = 1 };
		f->is_nomem |= !v[i].id;
		if (i >= t->n_disks)
			continue;
		v[i].size_gib = t->disks[i].size_gib;
		v[i].image = t->disks[i].image;
		v[i].pool = t->disks[i].pool;
	}
	vm->disks = v;
	vm->n_disks = n;
	say_defaulted(vm, "disks", f);
}

/* The first disk holds the image, unless it says what it holds. */
static void fill_image(nc_vm *vm, const nc_template *t, int64_t disk_gib, nc_faults *f)
{
	const char *image = vm->image ? vm->image : t ? t->image : NULL;
	if (t && !vm->n_disks)
		fill_disks(vm, t, f);
	if (!vm->n_disks)
		return;
	nc_vm_disk *v = nc_arena_memdup(vm->o.arena, vm->disks, vm->n_disks * sizeof(*v));
	if (!v) {
		f->is_nomem = 1;
		return;
	}
	if (!v[0].image && !v[0].volume)
		v[0].image = image;
	if (!v[0].volume && !v[0].size_gib)
		v[0].size_gib = disk_gib;
	vm->disks = v;
}

static void fill_nics(nc_vm *vm, const char *const *networks, size_t n, nc_faults *f)
{
	nc_vm_nic *v = nc_arena_new_array(vm->o.arena, nc_vm_nic, n);
	if (!v) {
		f->is_nomem = 1;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		v[i] = (nc_vm_nic){ .id = make_id(vm, "nic"), .network = networks[i] };
		f->is_nomem |= !v[i].id;
	}
	vm->nics = v;
	vm->n_nics = n;
	say_defaulted(vm, "nics", f);
}

static void fill_network(nc_vm *vm, const char *network, nc_faults *f)
{
	nc_vm_nic *v = nc_arena_memdup(vm->o.arena, vm->nics, vm->n_nics * sizeof(*v));
	if (!v) {
		f->is_nomem = 1;
		return;
	}
	for (size_t i = 0; i < vm->n_nics; i++)
		if (!v[i].network && network)
			v[i].network = network;
		else if (!v[i].network)
			nc_fault_add(f, "nics", "required",
				"element %zu names no network, and there is no default one", i);
	vm->nics = v;
}

static void fill_sizing(nc_vm *vm, const nc_template *t, const nc_instance_type *type, nc_faults *f)
{
	int is_asked = vm->instance_type != NULL;
	if (type && is_asked) {
		fill_i64(vm, &vm->vcpus, type->vcpus, "vcpus", f);
		fill_i64(vm, &vm->memory_mib, type->memory_mib, "memory_mib", f);
	}
	if (t) {
		fill_i64(vm, &vm->vcpus, t->vcpus, "vcpus", f);
		fill_i64(vm, &vm->memory_mib, t->memory_mib, "memory_mib", f);
	}
	if (type && !is_asked) {
		fill_i64(vm, &vm->vcpus, type->vcpus, "vcpus", f);
		fill_i64(vm, &vm->memory_mib, type->memory_mib, "memory_mib", f);
		vm->instance_type = type->o.id;
		say_defaulted(vm, "instance_type", f);
	}
	if (!vm->vcpus)
		nc_fault_add(f, "vcpus", "required",
			"must be given: neither template nor instance type says");
	if (!vm->memory_mib)
		nc_fault_add(f, "memory_mib", "required",
			"must be given: neither template nor instance type says");
}

void nc_vm_expand(nc_vm *vm, const nc_template *t, const nc_instance_type *type,
	const char *default_network, nc_faults *f)
{
	fill_sizing(vm, t, type, f);
	fill_image(vm, t, type ? type->disk_gib : 0, f);
	if (!vm->n_nics && t && t->n_networks)
		fill_nics(vm, t->networks, t->n_networks, f);
	else if (!vm->n_nics && default_network)
		fill_nics(vm, &default_network, 1, f);
	if (vm->n_nics)
		fill_network(vm, default_network, f);
	if (t && !vm->n_ssh_keys && t->n_ssh_keys) {
		vm->ssh_keys = t->ssh_keys;
		vm->n_ssh_keys = t->n_ssh_keys;
		say_defaulted(vm, "ssh_keys", f);
	}
	if (t && !vm->provider_data.ptr)
		vm->provider_data = t->provider_data;
	vm->template_revision = t ? t->o.revision : 0;
	vm->instance_type_revision = type ? type->o.revision : 0;
}
