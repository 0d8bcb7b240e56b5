/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_GUEST_H
#define NC_MODEL_GUEST_H

#include "model/object.h"

/* What VMs are made from and grouped by. A VM pins the revision of template and instance type. */
typedef enum nc_vm_group_policy {
	NC_AFFINITY,
	NC_ANTI_AFFINITY,
	NC_SOFT_AFFINITY,
	NC_SOFT_ANTI_AFFINITY,
	NC_VM_GROUP_POLICY_COUNT
} nc_vm_group_policy;

typedef enum nc_vm_group_domain {
	NC_DOMAIN_HOST,
	NC_DOMAIN_HOST_GROUP,
	NC_DOMAIN_ZONE,
	NC_DOMAIN_COUNT
} nc_vm_group_domain;

typedef struct nc_vm_group { /* its members are the VMs that name it */
	nc_object o;
	nc_vm_group_policy policy;
	nc_vm_group_domain domain;
	int64_t max_per_domain; /* anti-affinity: 1 */
} nc_vm_group;

typedef struct nc_template_disk {
	int64_t size_gib;
	const char *image, *pool; /* refs */
} nc_template_disk;

typedef struct nc_template { /* guest defaults */
	nc_object o;
	const char *image;         /* ref */
	const char *instance_type; /* ref: where a create names none */
	int64_t vcpus, memory_mib;
	nc_template_disk *disks;
	size_t n_disks;
	const char **networks; /* refs */
	size_t n_networks;
	const char **ssh_keys; /* refs */
	size_t n_ssh_keys;
	const char *default_user; /* whom `vm ssh` logs in as */
	nc_secret_field user_data;
	nc_bytes provider_data;
} nc_template;

typedef struct nc_instance_type { /* sizing */
	nc_object o;
	int64_t vcpus, memory_mib, disk_gib;
	const char **traits; /* a host must have */
	size_t n_traits;
	const char *provider;    /* ref: only there (cloud offers) */
	const char *native_name; /* "m5.large" */
	double price_hour;
	const char *currency;
} nc_instance_type;

#endif
