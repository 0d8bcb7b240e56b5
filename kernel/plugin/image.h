/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_IMAGE_H
#define NC_PLUGIN_IMAGE_H

#include "base/cleanup.h"
#include "novacron/plugin.h"

struct nc_manifest;

/*
 * A plugin's code, mapped into this process from its sealed bytes. Once mapped it stays until the
 * process ends: dlclose is never called, and the descriptor never closed, since glibc tells objects
 * apart by their path and a reused number would give the earlier plugin.
 */
typedef struct nc_image {
	nc_entry entry; /* copies: slots past the plugin's own struct_size are zero */
	nc_plugin plugin;
} nc_image;

/* Map, call the entry, copy and check the tables. `memfd` is the image's from here on, also after a
 * failure past the mapping. NC_E_PROTO (broken tables), NC_E_UNSUPPORTED (ABI), NC_E_NOMEM. */
nc_code nc_image_load(int memfd, const struct nc_manifest *m, nc_image **ret, nc_error *err);
/* Frees what is ours; the code stays mapped. */
void nc_image_free(nc_image *image);
NC_DEFINE_CLEANUP(nc_image *, nc_image_free);

/* Copy a peer's table: min(its struct_size, n) bytes, the rest zero. 0 when it is shorter than its
 * own head of two words. */
int nc_table_copy(void *dst, size_t n, const void *peer);

#endif
