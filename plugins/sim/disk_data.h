/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DISK_DATA_H
#define SIM_DISK_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a simulated disk holds: nothing but some runs of data, drawn from the name of guest and
 * disk. No storage; the same at every read.
 */
typedef struct sim_disk_id {
	uint64_t seed; /* sim_disk_seed */
	uint64_t size_bytes;
} sim_disk_id;

uint64_t sim_disk_seed(const char *guest, const char *disk);

/* The run of data number i; false past the last. In order, apart, within the disk. */
bool sim_disk_run(const sim_disk_id *disk, unsigned i, uint64_t *ret_offset, uint64_t *ret_len);
/* Whether it is taken to have changed since a checkpoint. */
bool sim_disk_run_changed(const sim_disk_id *disk, unsigned i, const char *since);
/* Bytes as they lie there; zeros where there are none, past the end too. */
void sim_disk_read(const sim_disk_id *disk, uint64_t offset, void *out, size_t n);

#endif
