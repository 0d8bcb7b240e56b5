/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ST_FAULTS_H
#define ST_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Failures on order, for the program this is linked into: its own symbols come before libc's, so
 * every library's system calls pass through here; SQLite's allocations come by its own hook.
 */
typedef enum {
	ST_CALL_OPEN = 1,
	ST_CALL_READ = 2,
	ST_CALL_WRITE = 4,
	ST_CALL_SYNC = 8,
	ST_CALL_NAME = 16, /* mkdir, rename, unlink */
	ST_CALL_SIZE = 32, /* ftruncate */
	ST_CALL_MAP = 64,
	ST_CALL_STAT = 128,
	ST_CALL_LOCK = 256,
	ST_CALL_ALLOC = 512,
	ST_CALL_ALL_SYSTEM = 511,
} st_call;

/* Once, before anything else of SQLite's. */
void st_faults_init(void);
/* The n-th call (1 = the next) of these kinds fails with errnum, and if sticky all after it. */
void st_fault_arm(unsigned calls, uint64_t n, int errnum, bool is_sticky);
/* Back to normal; whether the failure came to pass. */
bool st_fault_disarm(void);

#endif
