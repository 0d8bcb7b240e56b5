/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_VARIANT_H
#define NC_TESTS_VARIANT_H

#include "novacron/compute.h"
#include "novacron/host_services.h"
#include "sim/inst.h"

/*
 * The simulated provider with one rule broken. A variant is a file that changes the tables: the
 * plugin's before anything runs, the host's as the provider gets to see it.
 */

/* In each variant. */
void variant_plugin(nc_plugin *table);
void variant_host(nc_host *table);

/* The tables as they really are. */
extern const nc_host *variant_real_host; /* set at create */
extern const nc_compute *variant_real_compute;

/* For variant_plugin: `change` is given a copy of sim's compute table, which takes its place. */
void variant_change_compute(nc_plugin *table, void (*change)(nc_compute *copy));

#endif
