/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_VM_H
#define NC_MODEL_VM_H

#include "model/object.h"
#include "model/operation.h"

/*
 * The VM. What it is (lifecycle), what is being done to it (task) and what the hypervisor says
 * (power) are kept apart; one table makes `status` of them, one table says which verb may do what.
 */
typedef enum nc_vm_desired {
	NC_VM_WANT_RUNNING,
	NC_VM_WANT_STOPPED,
	NC_VM_WANT_PAUSED,
	NC_VM_WANT_SUSPENDED,
	NC_VM_WANT_SHELVED,
	NC_VM_WANT_DELETED,
	NC_VM_DESIRED_COUNT
} nc_vm_desired;

typedef enum nc_vm_lifecycle {
	NC_VM_BUILDING,
	NC_VM_ACTIVE,
	NC_VM_STOPPED,
	NC_VM_PAUSED,
	NC_VM_SUSPENDED,
	NC_VM_RESCUED,
	NC_VM_RESIZED, /* waits for confirm or revert */
	NC_VM_SHELVED,
	NC_VM_DELETED, /* restorable until purge_at */
	NC_VM_ERROR,
	NC_VM_LIFECYCLE_COUNT
} nc_vm_lifecycle;

typedef enum nc_vm_task {
	NC_VM_IDLE, /* null */
	NC_VM_SCHEDULING,
	NC_VM_SPAWNING,
	NC_VM_STARTING,
	NC_VM_STOPPING,
	NC_VM_RESTARTING,
	NC_VM_RESETTING,
	NC_VM_PAUSING,
	NC_VM_RESUMING,
	NC_VM_SUSPENDING,
	NC_VM_WAKING,
	NC_VM_SIGNALLING, /* NMI */
	NC_VM_RESIZING,
	NC_VM_CONFIRMING,
	NC_VM_REVERTING,
	NC_VM_REBUILDING,
	NC_VM_RESCUING,
	NC_VM_UNRESCUING,
	NC_VM_SHELVING,
	NC_VM_UNSHELVING,
	NC_VM_MIGRATING,
	NC_VM_SNAPSHOTTING,
	NC_VM_ROLLING_BACK, /* to a snapshot */
	NC_VM_CLONING,
	NC_VM_RECONFIGURING, /* disks, NICs, metadata */
	NC_VM_BACKING_UP,
	NC_VM_RESTORING, /* from a backup, or from soft delete */
	NC_VM_EXPORTING,
	NC_VM_DELETING,
	NC_VM_PURGING,
	NC_VM_TASK_COUNT
} nc_vm_task;

typedef enum nc_vm_power {
	NC_POWER_UNKNOWN, /* the host is silent, or nobody has looked yet */
	NC_POWER_OFF,
	NC_POWER_ON,
	NC_POWER_PAUSED,
	NC_POWER_SUSPENDED,
	NC_POWER_CRASHED,
	NC_POWER_COUNT
} nc_vm_power;

typedef enum nc_vm_status {
	NC_VM_STATUS_CREATING,
	NC_VM_STATUS_RUNNING,
	NC_VM_STATUS_STOPPED,
	NC_VM_STATUS_PAUSED,
	NC_VM_STATUS_SUSPENDED,
	NC_VM_STATUS_MIGRATING,
	NC_VM_STATUS_RESIZING,
	NC_VM_STATUS_RESIZED,
	NC_VM_STATUS_RESCUED,
	NC_VM_STATUS_SHELVED,
	NC_VM_STATUS_DELETING,
	NC_VM_STATUS_DELETED,
	NC_VM_STATUS_ERROR,
	NC_VM_STATUS_UNKNOWN,
	NC_VM_STATUS_COUNT
} nc_vm_status;

typedef enum nc_vm_run_policy { NC_RUN_MANUAL, NC_RUN_ON_FAILURE, NC_RUN_ALWAYS } nc_vm_run_policy;

typedef enum nc_vm_verb {
	NC_VM_START,
	NC_VM_STOP,
	NC_VM_RESTART, /* graceful */
	NC_VM_RESET,   /* hard */
	NC_VM_PAUSE,
	NC_VM_RESUME,
	NC_VM_SUSPEND,
	NC_VM_WAKE,
	NC_VM_NMI,
	NC_VM_RESIZE,
	NC_VM_CONFIRM_RESIZE,
	NC_VM_REVERT_RESIZE,
	NC_VM_REBUILD,
	NC_VM_RESCUE,
	NC_VM_UNRESCUE,
	NC_VM_SHELVE,
	NC_VM_UNSHELVE,
	NC_VM_MIGRATE,
	NC_VM_SNAPSHOT,
	NC_VM_ROLLBACK, /* to a snapshot */
	NC_VM_CLONE,
	NC_VM_RECONFIGURE, /* attach, detach, resize a disk; attach, detach, update a NIC */
	NC_VM_BACKUP,
	NC_VM_RESTORE_BACKUP,
	NC_VM_EXPORT,
	NC_VM_DELETE,
	NC_VM_UNDELETE,
	NC_VM_PURGE,
	NC_VM_VERB_COUNT
} nc_vm_verb;

typedef struct nc_vm_disk {
	const char *id;     /* "disk_01J…" */
	int64_t size_gib;   /* 0 in a create: the image's size */
	const char *pool;   /* ref */
	const char *volume; /* ref: an existing one is attached, */
	const char *image;  /* ref: or this is its content, else it is empty */
	int is_deleted_with_vm;
	const char *device; /* "vda", once the driver has said so */
} nc_vm_disk;

typedef struct nc_vm_nic {
	const char *id; /* "nic_01J…" */
	const char *mac;
	const char *network; /* ref */
	const char *address; /* asked for or assigned; NULL = by the network */
	const char *port;    /* ref, once there is one */
	const char **security_groups;
	size_t n_security_groups;
} nc_vm_nic;

typedef struct nc_vm_address {
	const char *ip;
	const char *source; /* "ipam", "lease", "agent", "arp", "cloud" */
	int64_t observed_at_ms;
} nc_vm_address;

typedef struct nc_vm_port { /* a NIC as it is seen from outside */
	const char *id;     /* the NIC's */
	const char *mac;
	nc_vm_address *addresses;
	size_t n_addresses;
} nc_vm_port;

typedef struct nc_vm_resize { /* what a revert goes back to */
	int64_t vcpus, memory_mib;
	const char *instance_type;
	uint64_t instance_type_revision;
	const char *host;
} nc_vm_resize;

typedef struct nc_vm_doing { /* the verb at work, and what a failed one goes back to */
	nc_vm_verb verb;
	nc_vm_lifecycle from;
} nc_vm_doing;

typedef struct nc_vm_resources { /* input aliases; 1 GB = 1 GiB, fractions allowed; 0 = not given */
	double cpu, memory_gb, storage_gb;
} nc_vm_resources;

typedef struct nc_vm {
	nc_object o;
	/* intent */
	nc_vm_desired desired_state;
	nc_vm_run_policy run_policy;
	int64_t start_priority;     /* higher first */
	int64_t shutdown_timeout_s; /* graceful stop, then force */
	int64_t vcpus, memory_mib;  /* in force; what was asked meanwhile is in pending */
	const char *template_id, *instance_type, *image,
		*volume;                                    /* refs; volume only in a create */
	uint64_t template_revision, instance_type_revision; /* pinned at create */
	const char *zone, *host_wanted;                     /* refs as asked; NULL = anywhere */
	const char *provider, *vm_group;                    /* refs */
	nc_vm_disk *disks;
	size_t n_disks;
	nc_vm_nic *nics;
	size_t n_nics;
	const char **ssh_keys; /* refs */
	size_t n_ssh_keys;
	nc_secret_field user_data;
	nc_bytes provider_data;     /* JSON that only this provider knows */
	int64_t expires_at_ms;      /* 0 = never */
	nc_vm_resources *resources; /* only in a create */
	/* state */
	nc_vm_lifecycle lifecycle;
	nc_vm_task task;
	nc_vm_power power;  /* as last seen; durable when it changes */
	nc_vm_doing *doing; /* NULL while idle */
	uint64_t generation, observed_generation;
	int is_as_asked; /* not stored: the driver has done what this record asks */
	nc_bytes pending;
	const char *host;           /* ref: where it is */
	const char *move_to;        /* ref: where a migration takes it; NULL = nowhere */
	const char *move_operation; /* ref: by which; its driver can be asked what became of it */
	const char *operation;      /* ref: the one in progress */
	const char *uuid;           /* native identity, from id and incarnation */
	const char *native_id;      /* the provider's own */
	uint64_t incarnation;
	int is_locked;
	const char *locked_reason;
	nc_vm_resize *resize_from;
	nc_op_error *error; /* why lifecycle is error */
	/* observed */
	nc_vm_port *ports;
	size_t n_ports;
	const char *primary_ip;
	const char *agent_version; /* of the guest agent; NULL = none seen */
} nc_vm;

/* nc_kind_vm's own indexes. */
enum { NC_VM_IX_UUID = NC_IX_OWN, NC_VM_IX_TEMPLATE, NC_VM_IX_INSTANCE_TYPE, NC_VM_IX_MAC };

extern const char *const nc_vm_lifecycle_words[];
extern const char *const nc_vm_task_words[];
extern const char *const nc_vm_power_words[];
extern const char *const nc_vm_status_words[];
extern const char *const nc_vm_desired_words[];
extern const char *const nc_vm_verb_words[];             /* "start", "confirm_resize" */
int nc_vm_verb_parse(const char *word, nc_vm_verb *ret); /* 0 or -1 */
int nc_vm_power_parse(const char *word, nc_vm_power *ret);

/* The one table lifecycle × task × power → status. Total. */
nc_vm_status nc_vm_status_of(nc_vm_lifecycle lifecycle, nc_vm_task task, nc_vm_power power);

/* What the guest is really in: lifecycle corrected by what was seen (a guest that powered itself
 * off is stopped, whatever lifecycle says). */
nc_vm_lifecycle nc_vm_effective(nc_vm_lifecycle lifecycle, nc_vm_power power);

/* ---- transitions: one table (lifecycle, verb) → answer. Total. ---- */
typedef enum nc_vm_verdict {
	NC_VM_GO,      /* set task; when done lifecycle becomes `to` */
	NC_VM_HOLDS,   /* the goal already holds: changed false */
	NC_VM_REFUSED, /* not from here; `why` says what to do instead */
	NC_VM_VERDICT_COUNT
} nc_vm_verdict;

#define NC_VM_KEEP (-1)
typedef struct nc_vm_move {
	nc_vm_verdict verdict;
	nc_vm_task task;
	int to;      /* nc_vm_lifecycle, or NC_VM_KEEP */
	int desired; /* nc_vm_desired, or NC_VM_KEEP */
	const char *why;
	int is_changed; /* of nc_vm_begin: the VM must be put (HOLDS may still move desired_state) */
} nc_vm_move;
nc_vm_move nc_vm_transition(nc_vm_lifecycle from, nc_vm_verb verb);

/*
 * Begin a verb: fills *ret and, on NC_VM_GO, sets task, doing, operation, desired_state.
 * NC_E_NOMEM. NC_E_BUSY names the operation in progress; NC_E_CONFLICT: not from here, or locked. Callers look at
 * ret->verdict: HOLDS has nothing to run. `operation` is kept as it is (arena).
 */
nc_code nc_vm_begin(
	nc_vm *vm, nc_vm_verb verb, const char *operation, nc_vm_move *ret, nc_error *err);
/* The task is over: lifecycle becomes what the verb leads to; power as given (UNKNOWN = keep). What
 * is not pending is done then, which observed_generation says from the next put on. */
void nc_vm_finish(nc_vm *vm, nc_vm_power power);
/* The first build is over. */
void nc_vm_built(nc_vm *vm, nc_vm_power power);
/* It failed: back to where it came from (no effect), or to error (partial, unknown). */
typedef enum nc_vm_effect { NC_VM_NO_EFFECT, NC_VM_PARTIAL } nc_vm_effect;
void nc_vm_fail(nc_vm *vm, nc_vm_effect effect, const nc_error *why);
/* An operator says what it is (reset-state). */
void nc_vm_reset_state(nc_vm *vm, nc_vm_lifecycle lifecycle);

/*
 * What a driver saw. Returns true when it must be put (power changed). A guest that powered itself
 * off while nothing was being done sets desired_state stopped, unless run_policy is always.
 */
int nc_vm_observe_power(nc_vm *vm, nc_vm_power power, int64_t at_ms);

/* ---- creating ---- */

struct nc_template;
struct nc_instance_type;
/*
 * Fill what a create left to its template and instance type (both may be NULL) and to the network
 * that is the project's default (NULL = none): sizing, disks, NICs, keys; the revisions are pinned
 * and what was filled in is listed as defaulted. After resolving references; faults for what is
 * still missing. user_data of the template is not copied: it is still to come.
 */
void nc_vm_expand(nc_vm *vm, const struct nc_template *tmpl, const struct nc_instance_type *type,
	const char *default_network, nc_faults *f);

#endif
