/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_TRUTH_H
#define SIM_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "messages.h"

/*
 * The truth about guests in a file of its own: one line an act, "crc32c json\n", written before
 * the act is answered. A kill at any moment leaves whole lines and at most one torn one at the
 * end, which the next open cuts off. Not locked; the instance's lock covers it.
 */
typedef struct sim_truth sim_truth;

/* What is passed every record of a file, in order. Other than NC_OK ends the walk. */
typedef nc_code (*sim_truth_fn)(void *user, const sim_record *rec, nc_error *err);

/*
 * Open or make the file, take it for this process alone (NC_E_BUSY when another has it) and pass
 * what is in it to `each`. NC_E_PROTO: a line in the middle is damaged; nothing is changed then.
 */
nc_code sim_truth_open(const char *path, uint64_t seed, sim_truth_fn each, void *user,
	sim_truth **ret, nc_error *err);
void sim_truth_close(sim_truth *t);

/* All of it in the file, or nothing of it and an error. */
nc_code sim_truth_append(sim_truth *t, const sim_record *rec, bool sync, nc_error *err);

/*
 * Compaction in small steps between acts: begin, put every living document, finish. Acts that are
 * appended in between go to both files. A step that fails gives the new file up; the old one is
 * whole all the time.
 */
bool sim_truth_wants_compaction(const sim_truth *t, uint64_t n_living);
nc_code sim_truth_compact_begin(sim_truth *t, uint64_t seq, nc_error *err);
void sim_truth_compact_put(sim_truth *t, const sim_record *rec);
nc_code sim_truth_compact_finish(sim_truth *t, bool sync, nc_error *err);
bool sim_truth_is_compacting(const sim_truth *t);

/* Pass the records of a file that may be in use; *ret_torn = bytes after the last whole line. */
nc_code sim_truth_read(
	const char *path, sim_truth_fn each, void *user, uint64_t *ret_torn, nc_error *err);

/* One line of the file, made or taken apart; also what nc.state carries. */
nc_code sim_truth_line(const sim_record *rec, nc_plug_buf *line, nc_error *err);
nc_code sim_truth_parse(const char *line, size_t len, sim_truth_fn each, void *user, nc_error *err);

int64_t sim_now_ms(void); /* since 1970 */

#endif
