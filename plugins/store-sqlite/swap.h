/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SS_SWAP_H
#define SS_SWAP_H

#include "novacron/abi.h"

#define SS_INCOMING_PREFIX "incoming-" /* "incoming-log.db": verified, synced, to become log.db */

/*
 * Puts the incoming files in place of a store's, all or none even in a power cut: `begin` writes
 * the mark that makes it so, `finish` does the work and is run again whenever a folder with the
 * mark is opened. What was there goes into a folder "replaced-<time>". Under the folder's lock,
 * with the files closed.
 */
nc_code ss_swap_begin(const char *dir, nc_error *err);
nc_code ss_swap_finish(const char *dir, nc_error *err); /* without a mark: nothing to do */

#endif
