/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_POWERCUT_RECORD_H
#define NC_POWERCUT_RECORD_H

#include <stdint.h>

/*
 * The recording: what a process, or several, did to the files below one folder, in order. Each
 * event is this header and `len` bytes of payload, in the machine's byte order, appended to the
 * file with one write. A write is noted after it was done and before it returned, a sync at its
 * begin and at its end: what was noted before the begin is on the disk after the end.
 *
 *   LD_PRELOAD=powercut_record.so NC_RECORD_LOG=file NC_RECORD_ROOT=folder program …
 *
 * The folder must be empty at first; the log may go on over several runs.
 */
typedef enum {
	NC_RECORD_OPEN = 1,   /* payload: path below the root; file: inode; made if not there */
	NC_RECORD_WRITE,      /* file, off, payload */
	NC_RECORD_TRUNCATE,   /* file, off = the new size */
	NC_RECORD_SYNC_BEGIN, /* file, token */
	NC_RECORD_SYNC_END,   /* file, token; only if it went well */
	NC_RECORD_RENAME,     /* payload: from NUL to */
	NC_RECORD_UNLINK,     /* payload: path, of a file or folder */
	NC_RECORD_MKDIR,      /* payload: path, file: inode */
	NC_RECORD_MARK,       /* payload: a word of the program's own (nc_record_mark) */
} nc_record_op;

#define NC_RECORD_MAGIC 0x4e435243u

typedef struct nc_record_event {
	uint32_t magic, op;
	uint64_t file, off, token;
	uint32_t len, pid;
} nc_record_event;

/* Of the preloaded object; NULL in a process that is not recorded. Notes what the program knows at
 * this point of the recording. */
__attribute__((weak)) void nc_record_mark(const void *data, uint32_t len);

#endif
