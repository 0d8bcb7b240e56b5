/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_ALLOCATION_H
#define NC_MODEL_ALLOCATION_H

#include "model/object.h"

/*
 * What a consumer (vm, volume, snapshot, image, address, reservation) holds of a host or pool.
 * The id is the consumer's; a migration's second one is "<consumer>.to". o.project counts it.
 */
typedef struct nc_alloc_extra { /* beyond vcpus, memory and local disk: pools, devices */
	const char *provider;   /* id of the host or pool that has it */
	const char *resource;   /* "gpu", "storage_gib" */
	int64_t amount;
} nc_alloc_extra;

typedef struct nc_allocation {
	nc_object o;
	const char *consumer;      /* id */
	const char *consumer_kind; /* "vm" */
	const char *host;          /* ref; NULL where none is needed */
	int64_t vcpus, memory_mib, disk_gib;
	int64_t overhead_mib;  /* the hypervisor's own, part of the claim */
	nc_alloc_extra *extra; /* nothing sets it yet */
	size_t n_extra;
	const char *vm_group;  /* ref: counts in its domain */
	int is_paired;         /* a migration's second: free of quota */
	const char *decision;  /* that placed it */
	const char *operation; /* that claimed it: nothing sets it yet */
} nc_allocation;

#endif
