/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_STORAGE_H
#define NC_MODEL_STORAGE_H

#include "model/object.h"

/* Images, volumes, snapshots: what outlives VMs. */
typedef struct nc_image_os { /* chooses guest devices */
	const char *family, *distro, *version;
} nc_image_os;

typedef struct nc_image {
	nc_object o;          /* status: queued importing available error deprecated */
	const char *url;      /* where it is fetched from; NULL = uploaded */
	const char *checksum; /* "sha256:…" */
	const char *format;   /* "qcow2", "raw" */
	nc_image_os os;
	const char *arch;
	int64_t min_disk_gib, min_memory_mib;
	const char *provider; /* ref: only there (cloud images) */
	const char *pool;     /* ref */
	const char *native_id;
	int64_t size_bytes, virtual_size_bytes;
} nc_image;

typedef struct nc_volume_obj {
	nc_object o; /* status: creating available in-use resizing deleting error */
	int64_t size_gib;
	const char *pool;     /* ref */
	const char *image;    /* ref: its content at first */
	const char *snapshot; /* ref: or this */
	const char *provider; /* ref */
	const char *native_id;
	const char *attached_to; /* ref: vm */
	const char *device;
	const char *made_with; /* id of the vm whose own disk it was: its driver's tag names that */
	int is_deleted_with_vm;
} nc_volume_obj;

typedef struct nc_snapshot {
	nc_object o;             /* status: creating available reverting deleting error */
	const char *vm, *volume; /* refs: of which; one of them */
	int has_memory;
	const char *quiesce; /* "required", "preferred", "off" */
	const char *quiesce_result;
	const char *native_id;
	const char *parent; /* ref */
	int64_t size_bytes;
} nc_snapshot;

#endif
