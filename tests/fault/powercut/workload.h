/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_POWERCUT_WORKLOAD_H
#define NC_POWERCUT_WORKLOAD_H

#include <stdint.h>

#include "../../store/host.h"

/*
 * What is done to a store while it is recorded. Contents are the model's of `seed`
 * (tests/store/model.h), so that whoever checks needs the seed alone. 0, or an exit code with a
 * line on stderr.
 */
/* Appends, materialises, trims, backs up, closes and opens, at random, from several threads. */
int workload_mixed(const st_plugin *p, const char *config, uint64_t seed, uint32_t appends);
/* Restores the backup in `file` over the store of `seed`. */
int workload_restore(const st_plugin *p, const char *config, const char *folder, const char *file);

#endif
