/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_KIT_TRY_H
#define NC_KIT_TRY_H

#include "stage.h"

/* One call of one verb, and what became of it. */
typedef struct kit_how {
	const char *key;     /* NULL: a new one */
	const char *request; /* NULL: the verb's own */
	unsigned stop_at;    /* host call at which it is stopped; 0 = never */
	int32_t stop_reason;
	bool is_stopped_before; /* the stop is there when the call comes */
	unsigned deadline_ms;   /* 0 = none */
	bool wait;              /* until it is complete, or time_ms has passed */
} kit_how;

/* NULL: the plugin has no such verb. Else refused (is_refused, err) or accepted. */
kit_op *kit_try(kit_stage *s, const kit_verb *v, const kit_how *how);
/* Wait for an accepted operation; false and a finding (P4) when it never completes. */
bool kit_try_end(kit_stage *s, kit_op *op);

typedef struct kit_recovery {
	nc_code rc;
	int32_t state; /* NC_REC_* */
	nc_error err;
	const char *result; /* of DONE, or of what was RUNNING */
	kit_op *op;         /* of RUNNING: re-attached */
} kit_recovery;
/* Ask the verb's recover; false: there is none. Waits for what is RUNNING to end. */
bool kit_recover(kit_stage *s, const kit_verb *v, const char *key, kit_recovery *ret);

/* What is known of a call after all: done or not, by its outcome and by recover. -1: nobody knows. */
int kit_truth(kit_stage *s, const kit_verb *v, const kit_op *op, char why[200]);

/* Whether a result keeps its schema; finds KIT_RESULT broken when not. */
bool kit_check_answer(const kit_verb *v, const char *text, const char *rule);
/* What a result calls the thing it is about, for comparing two. The caller frees. */
char *kit_identity(const char *result);

#endif
