/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_KIT_CHECKS_H
#define NC_KIT_CHECKS_H

#include "try.h"

/* The checks, each a function for kit_run_check. `arg` of those of verbs is the kit_verb. */
void kit_check_exports(const kit_folder *f, const void *arg);       /* P1 */
void kit_check_entry(const kit_folder *f, const void *arg);         /* P2 */
void kit_check_bare_host(const kit_folder *f, const void *arg);     /* P3 */
void kit_check_life(const kit_folder *f, const void *arg);          /* P5, P6, P7 */
void kit_check_exit_handlers(const kit_folder *f, const void *arg); /* P5, P6, P7 */
void kit_check_hasty_end(const kit_folder *f, const void *arg); /* P4, P5, P6 with work under way */
void kit_check_small_sink(const kit_folder *f, const void *arg); /* P11 */
void kit_check_state(const kit_folder *f, const void *arg);      /* P12 */
void kit_check_stats(const kit_folder *f, const void *arg);      /* KIT_RESULT of stats.sample */
void kit_check_health(const kit_folder *f, const void *arg);     /* KIT_HEALTH */
void kit_check_stream(const kit_folder *f, const void *arg);     /* KIT_STREAM */
void kit_check_query(const kit_folder *f, const void *arg);      /* KIT_RESULT */
void kit_check_result(const kit_folder *f, const void *arg);
void kit_check_repeat(const kit_folder *f, const void *arg);
void kit_check_cancel(const kit_folder *f, const void *arg); /* and P9 */
void kit_check_deadline(const kit_folder *f, const void *arg);
void kit_check_lost(const kit_folder *f, const void *arg);
void kit_check_recover(const kit_folder *f, const void *arg);
void kit_check_closed(const kit_folder *f, const void *arg);

/* Load the object and ask its entry; exits the child with a finding when that can't be done. */
const nc_entry *kit_load(const kit_folder *f, const char *rule);
/* A host with an instance, and a stage on it; exits the child with a finding against `rule`. */
kit_host *kit_open(const kit_folder *f, const char *rule, const char *verb);
void kit_open_stage(kit_stage *s, kit_host *h, const char *rule, const char *verb);
/* Drain, destroy, and what the whole child has to say about P4, P5, P6 and P10. */
void kit_finish(kit_host *h);
/* Prepare, or find the verb not exercised under the rule; false then. */
bool kit_prepare(kit_stage *s, const kit_verb *v, const char *rule);

#endif
