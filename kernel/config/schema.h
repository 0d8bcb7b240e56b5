/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_SCHEMA_H
#define NC_CONFIG_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

/*
 * The one table of keys. Loading, `config generate`, the docs, the reload's answer and the JSON
 * view all walk it; a new key is one line in schema.c and one field in config.h.
 */
typedef enum {
	NC_CONFIG_T_BOOL,
	NC_CONFIG_T_INT,
	NC_CONFIG_T_RATIO, /* a number with a fraction */
	NC_CONFIG_T_STRING,
	NC_CONFIG_T_ENUM,
	NC_CONFIG_T_DURATION, /* microseconds in the field; "30s" in YAML */
	NC_CONFIG_T_MODE,     /* octal permission bits */
	NC_CONFIG_T_PATH,     /* absolute; may start with ${system.data_dir} or ${system.run_dir} */
	NC_CONFIG_T_PATHS,    /* list of paths */
	NC_CONFIG_T_PLUGINS,  /* list of "id", "id:isolation" or {id, isolation} */
	NC_CONFIG_T_UIDS,     /* list of "uid:role" or {uid, role} */
	NC_CONFIG_T_MAP       /* free-form, kept as JSON text; its reader checks it */
} nc_config_type;

typedef enum {
	NC_CONFIG_LIVE,
	NC_CONFIG_NEEDS_PLUGIN_RELOAD,
	NC_CONFIG_NEEDS_RESTART
} nc_config_reload;

typedef struct nc_config_key {
	const char *key;   /* "server.api_port" */
	const char *env;   /* a second name beside NOVACRON_SECTION_KEY, or NULL */
	const char *def;   /* as YAML would write it; "" = the empty string */
	const char *doc;   /* one sentence or two, for generate and the docs */
	const char *later; /* NULL = in force; else what it waits for: "the transport plugin" */
	const char *const *choices; /* enums: NULL-ended, in the order of the C enum */
	double min, max;            /* numbers: in the field's unit; text and lists: length */
	uint32_t offset;            /* in nc_config */
	nc_config_type type;
	nc_config_reload reload;
	uint8_t secret; /* never shown, never in an error */
} nc_config_key;

const nc_config_key *nc_config_keys(size_t *ret_n);
const nc_config_key *nc_config_key_find(const char *key); /* NULL when there is none */
#define NC_CONFIG_ENV_MAX 96
void nc_config_key_env(const nc_config_key *k, char out[NC_CONFIG_ENV_MAX]);

#endif
