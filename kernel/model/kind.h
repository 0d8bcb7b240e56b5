/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_KIND_H
#define NC_MODEL_KIND_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "model/faults.h"
#include "model/field.h"
#include "store/db.h"

/*
 * A kind is a table: one file in kinds/ and one line here. Numbers are persisted and never reused.
 * 1-39 are the product's, 50-63 the kernel's own.
 */
#define NC_KINDS(X)                                                                                \
	X(1, PROJECT, project)                                                                     \
	X(2, USER, user)                                                                           \
	X(3, GROUP, group)                                                                         \
	X(4, ROLE, role)                                                                           \
	X(5, ROLE_BINDING, role_binding)                                                           \
	X(6, TOKEN, token)                                                                         \
	X(7, SSH_KEY, ssh_key)                                                                     \
	X(8, SECRET, secret)                                                                       \
	X(9, PROVIDER, provider)                                                                   \
	X(10, ZONE, zone)                                                                          \
	X(11, HOST, host)                                                                          \
	X(12, HOST_GROUP, host_group)                                                              \
	X(13, POOL, pool)                                                                          \
	X(14, PHYSICAL_NETWORK, physical_network)                                                  \
	X(15, VM, vm)                                                                              \
	X(16, VM_GROUP, vm_group)                                                                  \
	X(17, TEMPLATE, template)                                                                  \
	X(18, INSTANCE_TYPE, instance_type)                                                        \
	X(19, IMAGE, image)                                                                        \
	X(20, VOLUME, volume)                                                                      \
	X(21, SNAPSHOT, snapshot)                                                                  \
	X(22, NETWORK, network)                                                                    \
	X(23, SUBNET, subnet)                                                                      \
	X(24, PORT, port)                                                                          \
	X(25, ADDRESS, address)                                                                    \
	X(26, SECURITY_GROUP, security_group)                                                      \
	X(27, RULE, rule)                                                                          \
	X(28, QUOTA, quota)                                                                        \
	X(29, RESERVATION, reservation)                                                            \
	X(30, POLICY, policy)                                                                      \
	X(31, APPROVAL, approval)                                                                  \
	X(32, SCHEDULE, schedule)                                                                  \
	X(33, OPERATION, operation)                                                                \
	X(34, EVENT, event)                                                                        \
	X(35, DECISION, decision)                                                                  \
	X(36, PLAN, plan)                                                                          \
	X(37, AUDIT, audit)                                                                        \
	X(38, PLUGIN, plugin)                                                                      \
	X(39, PACKAGE, package)                                                                    \
	X(50, ALLOCATION, allocation)                                                              \
	X(51, IDEMPOTENCY, idempotency)                                                            \
	X(52, SECRET_VALUE, secret_value)                                                          \
	X(53, ORPHAN, orphan)                                                                      \
	X(54, KV, kv)

#define NC_KIND_ENUM_(number, upper, lower) NC_KIND_##upper = (number),
enum { NC_KINDS(NC_KIND_ENUM_) NC_KIND_LIMIT = 64 };

/* Index numbers that every kind has; its own start at NC_IX_OWN. */
enum {
	NC_IX_NAME = 0, /* unique: "<project>/<name>"; gone while deleted */
	NC_IX_PROJECT =
		1, /* owner; of shared kinds also every project it is shared with, "*" = public */
	NC_IX_LABEL = 2,  /* "<key>=<value>", one each */
	NC_IX_REF = 3,    /* id of each object it keeps from being deleted */
	NC_IX_SHARED = 4, /* "<project or *>/<name>": found by name from elsewhere */
	NC_IX_STATUS = 5,
	NC_IX_OWN = 6
};

typedef enum nc_scope {
	NC_SCOPE_GLOBAL,
	NC_SCOPE_PROJECT,
	NC_SCOPE_SHARED, /* of a project, with visibility and shared_with[] */
	NC_SCOPE_EITHER  /* global, or of a project (provider, policy, role) */
} nc_scope;

/* nc_kind.flags */
enum {
	NC_KF_INTERNAL = 1 << 0,    /* the kernel's own: no route shows it */
	NC_KF_SOFT_DELETE = 1 << 1, /* deleted ones stay restorable */
	NC_KF_NAMELESS = 1 << 2,    /* a name is optional (operations, ports) */
	NC_KF_GIVEN_ID =
		1 << 3,        /* the id is another object's, or a hash: not made from the prefix */
	NC_KF_LANE = 1 << 4,   /* entries of the log (event, audit): never an item */
	NC_KF_BINARY = 1 << 5, /* the body is the owner's own form (decision) */
	NC_KF_SUB = 1 << 6,    /* lives inside another kind's object (rule) */
	NC_KF_PLAIN = 1 << 7   /* no name, description, labels, protection */
};

/* nc_kind.verbs: what requests may do to it. Reading always may. */
enum { NC_CAN_CREATE = 1, NC_CAN_UPDATE = 2, NC_CAN_DELETE = 4, NC_CAN_ALL = 7 };

typedef struct nc_object nc_object;
typedef struct nc_kind nc_kind;

struct nc_kind {
	uint16_t number, shape;
	uint8_t scope, verbs, warmth; /* nc_scope, NC_CAN_*, nc_warmth */
	uint8_t n_own_indexes;
	uint16_t flags;
	const char *name;      /* "vm" */
	const char *plural;    /* "vms", "instance-types": the last part of its route */
	const char *id_prefix; /* "vm" */
	const char *doc;
	size_t size;                /* of the struct that starts with nc_object */
	const nc_field_def *fields; /* observed ones last */
	size_t n_fields;
	const char *const *own_indexes; /* names, from NC_IX_OWN on */
	uint32_t own_unique;            /* bit i: own index i is unique */
	const char *const *statuses;    /* NULL-ended; NULL = has none */
	const char *initial_status;
	/* The extension a provider must have for requests to change it; "kernel.…": a part of the kernel
	 * that is to come; NULL = the kernel alone. */
	const char *feature;
	/* Hooks; each may be NULL. */
	void (*normalize)(
		nc_object *, nc_faults *); /* after a create is parsed: fold aliases, fill in */
	void (*validate)(const nc_object *, nc_faults *); /* rules across fields */
	void (*derive)(nc_object *);                      /* before rendering, after decoding */
	int (*defers)(const nc_object *); /* true: next-start changes must wait in pending */
	/* A body of an older shape, changed in place (json is the caller's tree). */
	nc_code (*upgrade)(uint16_t from_shape, json_t *body, nc_error *);
};

/* The start of each kind's definition. */
#define NC_KIND_TABLE(upper, word, words, prefix, ctype, table)                                    \
	.number = NC_KIND_##upper, .shape = 1, .name = (word), .plural = (words),                  \
	.id_prefix = (prefix), .size = sizeof(ctype), .fields = (table),                           \
	.n_fields = sizeof(table) / sizeof((table)[0])
/* Shorthands for table rows. */
#define NC_BY_SERVER .cls = NC_STATE, .mut = NC_SERVER
#define NC_SEEN      .cls = NC_OBSERVED, .mut = NC_SERVER

#define NC_KIND_DECL_(number, upper, lower) extern const nc_kind nc_kind_##lower;
NC_KINDS(NC_KIND_DECL_)

/* The fields of a kind in the order they are shown: those of every object around its own. */
typedef struct nc_span {
	const nc_field_def *f;
	size_t n;
} nc_span;
#define NC_SPANS_MAX 10
size_t nc_kind_spans(const nc_kind *k, nc_span out[NC_SPANS_MAX]);
const nc_field_def *nc_kind_field(const nc_kind *k, const char *name); /* top level; or NULL */
int nc_kind_has_observed(const nc_kind *k);

extern const nc_kind *const nc_kinds[]; /* by ascending number */
extern const size_t nc_n_kinds;

const nc_kind *nc_kind_get(uint16_t number); /* NULL = none */
const nc_kind *nc_kind_find(
	const char *word); /* by name, plural, either with '-' for '_'; or NULL */
const nc_kind *nc_kind_of_id(const char *id); /* by prefix; NULL = not shaped like an id of ours */

int nc_kind_is_to_come(const nc_kind *k); /* nothing here serves it yet, whatever the provider */

/* Whether any provider has an extension: 1, 0, or -1: that can't be said yet. */
typedef int (*nc_has_feature_fn)(void *ctx, const char *extension);
/* Whether a request may use `verb` (NC_CAN_*); has_feature NULL: nobody has any extension. NC_OK, or
 * NC_E_UNSUPPORTED with a hint. */
nc_code nc_kind_check_verb(
	const nc_kind *k, unsigned verb, nc_has_feature_fn has_feature, void *ctx, nc_error *err);

/* For nc_db_options: all kinds that are items. Static storage. */
const nc_kind_def *nc_model_kind_defs(uint32_t *ret_n);
/* An item of this kind as its shape of today has it; NC_E_UNSUPPORTED when there is no way. */
nc_code nc_kind_upgrade(const nc_kind *k, const nc_item *old, nc_item **ret, nc_error *err);
/* The same by the item's kind, for nc_db_hooks.upgrade. */
nc_code nc_model_upgrade(void *ctx, const nc_item *old, nc_item **ret, nc_error *err);

#endif
