/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_PLUGIN_ELF_H
#define NC_PLUGIN_ELF_H

#include <stddef.h>

#include "novacron/abi.h"

/*
 * What a shared object exports, read from its dynamic symbols without mapping its code: rule P1
 * allows nc_plugin_entry_vN and nothing else.
 */
typedef struct nc_elf_exports {
	int has_v1;            /* nc_plugin_entry_v1 is there */
	size_t n_extra;        /* others that are not an entry of any version */
	char extra_names[200]; /* as many as fit: "foo, bar" */
} nc_elf_exports;

/* NC_E_PROTO: not a 64-bit little-endian ELF shared object, or its tables point outside it. */
nc_code nc_elf_read_exports(nc_bytes image, nc_elf_exports *ret, nc_error *err);

#endif
