/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_MANIFEST_H
#define NC_PLUGIN_MANIFEST_H

#include <jansson.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "novacron/abi.h"

/*
 * A plugin's manifest.json: what it is, needs and may do, known before a byte of its code is
 * mapped. Immutable after parse, refcounted by nobody: its owner outlives its readers.
 */
#define NC_MANIFEST_MAX  (256u << 10) /* bytes */
#define NC_PLUGIN_ID_MAX 63u

typedef struct nc_manifest {
	json_t *doc; /* owns every string below */
	const char *id, *version, *license, *publisher, *entry;
	uint32_t abi_major, abi_min_minor;
	const char *os, *arch, *libc; /* libc "glibc>=2.31" or NULL */
	int is_in_process;            /* isolation it asks for; else a process of its own */
	int is_exclusive, owns_guests;
	uint32_t max_concurrency, max_per_target, state_version;
	const json_t *provides, *requires, *wants, *features, *process_globals; /* arrays or NULL */
	const json_t *permissions, *files;                                      /* objects */
} nc_manifest;

/* One entry of `files`. */
typedef struct nc_manifest_file {
	const char *path; /* relative, clean: no "..", no empty part */
	const char *sha256;
	uint64_t size;
	uint32_t mode; /* the most that the file may have */
} nc_manifest_file;

/* The caller owns *ret. NC_E_INVAL names the field; NC_E_NOMEM. */
nc_code nc_manifest_parse(nc_bytes text, nc_manifest **ret, nc_error *err);
void nc_manifest_free(nc_manifest *m);
NC_DEFINE_CLEANUP(nc_manifest *, nc_manifest_free);

/* What the plugin would run on. nc_platform_here fills in this process's. */
typedef struct nc_platform {
	uint32_t abi;
	const char *os, *arch, *libc_version;
} nc_platform;
nc_platform nc_platform_here(void);
/* NC_E_UNSUPPORTED: the message names both versions, the hint the fix. A newer major passes here
 * only if `exports_v1`: it may still carry the older entry. */
nc_code nc_manifest_check_platform(
	const nc_manifest *m, const nc_platform *here, int exports_v1, nc_error *err);

int nc_manifest_provides(const nc_manifest *m, const char *ext);
int nc_manifest_asks_for(const nc_manifest *m, const char *ext); /* requires or wants */
int nc_manifest_has_feature(const nc_manifest *m, const char *feature);
/* permissions.secrets: exact names, or a prefix ending in a star. */
int nc_manifest_may_open_secret(const nc_manifest *m, nc_bytes handle);
int nc_manifest_may_exec(const nc_manifest *m); /* permissions.exec names a program */
/* Whether this process has the rights that its permissions name: programs, sockets and files by
 * absolute path. What is not there at all may come. NC_E_UNSUPPORTED names the first. */
nc_code nc_manifest_check_rights(const nc_manifest *m, nc_error *err);
/* Start with *it = NULL; 0 at the end. */
int nc_manifest_next_file(const nc_manifest *m, void **it, nc_manifest_file *ret);
int nc_manifest_find_file(const nc_manifest *m, const char *path, nc_manifest_file *ret);

int nc_plugin_id_is_valid(const char *id); /* "com.acme.kvm", "sim": safe as a file name */

#endif
