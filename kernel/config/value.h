/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_VALUE_H
#define NC_CONFIG_VALUE_H

#include "config/report.h"
#include "config/schema.h"
#include "config/snapshot.h"
#include "config/yaml.h"

/* Inside config/ only: one load under way. */
typedef struct nc_config_loading {
	nc_config_snapshot *snap;
	nc_config_report *report;
	nc_arena *scratch;  /* documents; freed when the load ends */
	const char *source; /* the file or variable that is being read */
} nc_config_loading;

/* A value on its way from a document into a field. */
typedef struct nc_config_input {
	nc_config_loading *load;
	const nc_config_key *key;
	const char *name; /* the key, or the place inside its value: "plugins.allow[2].id" */
	const nc_yaml_node *node;
} nc_config_input;

/*
 * Check the value against the key's row and write it to slot (of the type of the key's field).
 * NC_OK; NC_E_INVAL or NC_E_UNSUPPORTED with the fault in the report, slot untouched; NC_E_NOMEM.
 */
nc_code nc_config_value_read(const nc_config_input *in, void *slot);
/* The list and map types, for the table in value.c. */
nc_code nc_config_read_paths(const nc_config_input *in, void *slot);
nc_code nc_config_read_plugins(const nc_config_input *in, void *slot);
nc_code nc_config_read_uids(const nc_config_input *in, void *slot);
nc_code nc_config_read_map(const nc_config_input *in, void *slot);

/* Report `"<the value>" <what is wrong>` at the value's place. */
nc_code nc_config_bad(const nc_config_input *in, const char *hint, const char *fmt, ...)
	nc_printf(3, 4);
/* The index of the word in the NULL-ended list, case ignored; faults name the choices. */
nc_code nc_config_read_choice(const nc_config_input *in, const char *const *choices, uint32_t *ret);
/* Absolute, or ${system.…}/…; borrowed from the node. */
nc_code nc_config_check_path(const nc_config_input *in);
/* Plain decimal, no sign but '-', no leading zeros; 0 or -1. */
int nc_config_parse_int(const char *s, int64_t *ret);
/* "90s" → "90s", 5400 s → "90m": the largest unit that is exact. */
#define NC_CONFIG_DURATION_MAX 32
void nc_config_duration_format(int64_t us, char out[NC_CONFIG_DURATION_MAX]);
/* Does the word match [a-z0-9][a-z0-9._-]*? */
bool nc_config_is_word(const char *s, size_t max_len);

#endif
