/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_CONFIG_LOAD_INTERNAL_H
#define NC_CONFIG_LOAD_INTERNAL_H

#include "config/value.h"

/* Inside config/ only. Write one key from a node of l->source and note where it came from; null
 * goes back to the default. NC_OK also with a fault (it is in the report); NC_E_NOMEM. */
nc_code nc_config_apply(nc_config_loading *l, const nc_config_key *k, const nc_yaml_node *node);

/* As nc_config_load, for who goes on to write to the snapshot. */
nc_code nc_config_load_snapshot(const char *const *files, size_t n, const char *const *env,
	nc_config_snapshot **ret, nc_config_report *report, nc_error *err);

/* The first fault of a report that has one, and how many more: its code. */
nc_code nc_config_tell_faults(const nc_config_report *r, nc_error *err);

/* config/check.c: what remains when every key has its value: ${…} in paths, values derived from
 * the machine, keys that must fit each other, warnings. Same returns as nc_config_apply. */
nc_code nc_config_finish(nc_config_loading *l, const nc_config *defaults);

#endif
