/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_FOLDER_H
#define SS_FOLDER_H

#include "config.h"
#include "novacron/abi.h"
#include "schema.h"

#define SS_PATH_MAX    (SS_DIR_MAX + 96)
#define SS_TEMP_SUFFIX ".nctmp" /* in any name: removed when the folder is next opened */

/* A store's folder, locked against every other process and instance until closed. */
typedef struct ss_folder {
	char dir[SS_DIR_MAX];
	char path[SS_FILES][SS_PATH_MAX]; /* by ss_file */
	int lock_fd;                      /* -1 = not open, or a disk nobody can write */
	bool is_read_only; /* changed by create and lead, while nobody is inside the gate */
} ss_folder;

extern const char *const ss_file_names[SS_FILES];

void ss_folder_init(ss_folder *f);
/* Makes the folder if need be, locks it, completes a restore that was cut off, clears away what
 * earlier processes left unfinished. NC_E_BUSY names the process that has it. */
nc_code ss_folder_open(ss_folder *f, const char *dir, nc_error *err);
/* Whether folder and files look as if they could be written. Touches no file. */
bool ss_folder_can_write(const ss_folder *f);
/* One that was read-only and can be written now: what opening could not do then. */
nc_code ss_folder_begin_writing(ss_folder *f, nc_error *err);
/* Lets go of the lock; the paths stay readable. */
void ss_folder_close(ss_folder *f);
void ss_folder_closep(ss_folder *f);

/* "<dir>/<name>" into a buffer of SS_PATH_MAX. */
void ss_folder_path(const char *dir, const char *name, char *ret);
nc_code ss_folder_sync_file(const char *path, nc_error *err);
nc_code ss_folder_sync_dir(const char *dir, nc_error *err);
nc_code ss_folder_sync_parent(const char *path, nc_error *err);

#endif
