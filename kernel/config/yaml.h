/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_YAML_H
#define NC_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/load.h"
#include "novacron/abi.h"

/*
 * Inside config/ only: a YAML document as a small tree with the place of each node. One document,
 * no anchors, aliases or tags; depth, nodes and bytes are bounded. A key set
 * twice is reported and the document read on, its maps then hold both.
 */
#define NC_CONFIG_YAML_BYTES ((size_t)256 << 10)
#define NC_CONFIG_YAML_NODES 20000
#define NC_CONFIG_YAML_KEYS  1024 /* of one map: they are compared with each other */
#define NC_CONFIG_YAML_DEPTH 16

typedef enum { NC_YAML_SCALAR, NC_YAML_SEQ, NC_YAML_MAP } nc_yaml_kind;
typedef struct nc_yaml_node {
	nc_yaml_kind kind;
	bool is_plain; /* scalar without quotes: may mean a number, a truth value or null */
	uint32_t line, column;
	const char *text; /* scalar */
	const char *key;  /* when the parent is a map */
	uint32_t key_line, key_column;
	struct nc_yaml_node *first, *last, *next;
	size_t n; /* children */
} nc_yaml_node;

/*
 * *ret lives in the arena and is NULL for an empty document. NC_OK; NC_E_INVAL with the fault in
 * the report; NC_E_NOMEM.
 */
nc_code nc_config_yaml_parse(nc_bytes text, const char *source, nc_arena *arena,
	nc_config_report *report, nc_yaml_node **ret);
bool nc_yaml_is_null(const nc_yaml_node *n); /* plain "", ~ or null */

#endif
