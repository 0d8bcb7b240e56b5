/* SPDX-License-Identifier: Apache-2.0 */
#include "model_full.h"

#include <string.h>

#include "base/id.h"
#include "model/governance.h"
#include "model/guest.h"
#include "model/identity.h"
#include "model/infra.h"
#include "model/member.h"
#include "model/netobj.h"
#include "model/storage.h"
#include "model/tenancy.h"
#include "model/vm.h"

/* Fabricated objects follow the tables, so that a new field is in every test from its first day. */

static void fill_struct(const nc_field_def *f, size_t n, nc_arena *a, void *base, int depth);

static const char *make_id(uint16_t kind, nc_arena *a)
{
	char id[NC_ID_MAX];
	const nc_kind *k = nc_kind_get(kind ? kind : NC_KIND_VM);
	nc_id_make(k->id_prefix, id);
	return nc_arena_strdup(a, id);
}

static int64_t make_number(const nc_field_def *d)
{
	return d->max ? NC_MAX(d->min, NC_MIN(d->max, (int64_t)3)) : 3;
}

static void fill_seq(const nc_field_def *d, nc_arena *a, void *base, int depth)
{
	enum { N = 2 };
	if (d->type == NC_T_OBJS) {
		char *v = nc_arena_alloc(a, N * d->sub->size);
		for (size_t i = 0; v && i < N; i++)
			fill_struct(d->sub->fields, d->sub->n_fields, a, v + i * d->sub->size,
				depth + 1);
		nc_seq_set(d, base, (nc_seq){ v, v ? N : 0 });
		return;
	}
	const char **v = nc_arena_new_array(a, const char *, N);
	for (size_t i = 0; v && i < N; i++)
		v[i] = d->type == NC_T_REFS ? make_id(d->ref, a) : nc_arena_printf(a, "s%zu", i);
	nc_seq_set(d, base, (nc_seq){ (void *)v, v ? N : 0 });
}

static void fill_field(const nc_field_def *d, nc_arena *a, void *base, int depth)
{
	static const char json[] = "{\"a\":[1,2.5,null,true,\"x\\\"y\"],\"b\":{}}";
	static nc_label labels[] = { { "env", "prod" }, { "tier", "" } };
	static int serial;
	switch ((nc_field_type)d->type) {
	case NC_T_STR:
	case NC_T_NAME:
		NC_AT(const char *, d, base) = nc_arena_printf(a, "x%d", ++serial);
		break;
	case NC_T_REF:
		NC_AT(const char *, d, base) = make_id(d->ref, a);
		break;
	case NC_T_I64:
	case NC_T_U64:
		NC_AT(int64_t, d, base) = make_number(d);
		break;
	case NC_T_F64:
		NC_AT(double, d, base) = 1.25;
		break;
	case NC_T_BOOL:
		NC_AT(int, d, base) = 1;
		break;
	case NC_T_ENUM:
		NC_AT(int, d, base) = d->choices[1] ? 1 : 0;
		break;
	case NC_T_TIME:
		NC_AT(int64_t, d, base) = 1900000000123 + ++serial;
		break;
	case NC_T_LABELS:
		NC_AT(nc_labels, d, base) = (nc_labels){ labels, NC_LEN(labels) };
		break;
	case NC_T_STRS:
	case NC_T_REFS:
	case NC_T_OBJS:
		fill_seq(d, a, base, depth);
		break;
	case NC_T_OBJ: {
		void *p = nc_arena_alloc(a, d->sub->size);
		if (p)
			fill_struct(d->sub->fields, d->sub->n_fields, a, p, depth + 1);
		nc_ptr_set(d, base, p);
		break;
	}
	case NC_T_STRUCT:
		fill_struct(
			d->sub->fields, d->sub->n_fields, a, (char *)base + d->offset, depth + 1);
		break;
	case NC_T_JSON:
		NC_AT(nc_bytes, d, base) = (nc_bytes){ json, sizeof(json) - 1 };
		break;
	case NC_T_SECRET:
		NC_AT(nc_secret_field, d, base) =
			(nc_secret_field){ .is_set = 1, .version = 4, .digest = "abcd" };
		break;
	}
}

static void fill_struct(const nc_field_def *f, size_t n, nc_arena *a, void *base, int depth)
{
	for (size_t i = 0; i < n; i++)
		fill_field(&f[i], a, base, depth);
}

/* ---- what rules across fields want ---- */

static void fix_vm(nc_object *obj)
{
	nc_vm *vm = NC_AS(nc_vm, obj);
	vm->pending = (nc_bytes){ "{\"vcpus\":5}", 11 };
	vm->resources = NULL;
	vm->volume = NULL;
	for (size_t i = 0; i < vm->n_disks; i++)
		vm->disks[i].volume = NULL;
	for (size_t i = 0; i < vm->n_nics; i++) {
		vm->nics[i].mac = i ? "52:54:00:00:00:02" : "52:54:00:00:00:01";
		vm->nics[i].address = "10.0.0.7";
	}
}

static void fix_user(nc_object *obj)
{
	NC_AS(nc_user, obj)->email = "ann@example.org";
}

static void fix_binding(nc_object *obj)
{
	NC_AS(nc_role_binding, obj)->group = NULL;
}

static void fix_key(nc_object *obj)
{
	NC_AS(nc_ssh_key, obj)->public_key = "ssh-ed25519 AAAAC3Nza ann";
}

static void fix_image(nc_object *obj)
{
	nc_image *i = NC_AS(nc_image, obj);
	i->url = "https://images.example/x.qcow2";
	i->checksum = "sha256:"
		      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
}

static void fix_volume(nc_object *obj)
{
	NC_AS(nc_volume_obj, obj)->snapshot = NULL;
}

static void fix_snapshot(nc_object *obj)
{
	nc_snapshot *s = NC_AS(nc_snapshot, obj);
	s->volume = NULL;
	s->quiesce = "off";
}

static void fix_network(nc_object *obj)
{
	NC_AS(nc_network_obj, obj)->cidr = "10.1.0.0/16";
}

static void fix_subnet(nc_object *obj)
{
	nc_subnet *s = NC_AS(nc_subnet, obj);
	s->cidr = "10.1.0.0/16";
	s->gateway = "10.1.0.1";
	for (size_t i = 0; i < s->n_ranges; i++)
		s->ranges[i] = (nc_ip_range){ "10.1.1.1", "10.1.2.254" };
}

static void fix_port(nc_object *obj)
{
	nc_port *p = NC_AS(nc_port, obj);
	p->mac = "52:54:00:aa:bb:cc";
	for (size_t i = 0; i < p->n_addresses; i++)
		p->addresses[i] = i ? "fd00::1" : "10.0.0.9";
}

static void fix_address(nc_object *obj)
{
	NC_AS(nc_address, obj)->ip = "192.0.2.1";
}

static void fix_group(nc_object *obj)
{
	nc_security_group *g = NC_AS(nc_security_group, obj);
	for (size_t i = 0; i < g->n_rules; i++) {
		g->rules[i].direction = "out";
		g->rules[i].protocol = "udp";
		g->rules[i].cidr = NULL;
	}
}

static void fix_quota(nc_object *obj)
{
	nc_quota_obj *q = NC_AS(nc_quota_obj, obj);
	for (size_t i = 0; i < q->n_limits && i < NC_QUOTA_WORDS; i++)
		q->limits[i].resource = nc_quota_words[i];
}

static void fix_reservation(nc_object *obj)
{
	NC_AS(nc_reservation, obj)->ends_at_ms += 1000;
}

static void fix_policy(nc_object *obj)
{
	NC_AS(nc_policy_obj, obj)->on_failure = "open";
}

static void fix_schedule(nc_object *obj)
{
	nc_schedule *s = NC_AS(nc_schedule, obj);
	s->cron = "*/5 0-6 * * mon";
	s->at_ms = 0;
	s->selector = NULL;
}

static void fix_type(nc_object *obj)
{
	NC_AS(nc_instance_type, obj)->currency = "EUR";
}

static void fix_plan(nc_object *obj)
{
	NC_AS(nc_plan, obj)->goal = "drain";
}

static const struct {
	uint16_t kind;
	void (*fix)(nc_object *);
} fixes[] = {
	{ NC_KIND_VM, fix_vm },
	{ NC_KIND_QUOTA, fix_quota },
	{ NC_KIND_USER, fix_user },
	{ NC_KIND_ROLE_BINDING, fix_binding },
	{ NC_KIND_SSH_KEY, fix_key },
	{ NC_KIND_IMAGE, fix_image },
	{ NC_KIND_VOLUME, fix_volume },
	{ NC_KIND_SNAPSHOT, fix_snapshot },
	{ NC_KIND_NETWORK, fix_network },
	{ NC_KIND_SUBNET, fix_subnet },
	{ NC_KIND_PORT, fix_port },
	{ NC_KIND_ADDRESS, fix_address },
	{ NC_KIND_SECURITY_GROUP, fix_group },
	{ NC_KIND_RESERVATION, fix_reservation },
	{ NC_KIND_POLICY, fix_policy },
	{ NC_KIND_SCHEDULE, fix_schedule },
	{ NC_KIND_INSTANCE_TYPE, fix_type },
	{ NC_KIND_PLAN, fix_plan },
};

nc_object *mu_full(const nc_kind *k, nc_arena *a)
{
	nc_object *obj = nc_object_new(k, a);
	nc_span spans[NC_SPANS_MAX];
	if (!obj)
		return NULL;
	size_t n = nc_kind_spans(k, spans);
	for (size_t s = 0; s < n; s++)
		fill_struct(spans[s].f, spans[s].n, a, obj, 0);
	obj->id = make_id(k->number, a);
	for (size_t i = 0; i < NC_LEN(fixes); i++)
		if (fixes[i].kind == k->number)
			fixes[i].fix(obj);
	return obj;
}
