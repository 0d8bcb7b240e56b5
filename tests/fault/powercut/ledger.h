/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_POWERCUT_LEDGER_H
#define NC_POWERCUT_LEDGER_H

#include <stdint.h>

/* What the workload's client knows, noted in the recording as marks: each thing it is about to ask
 * for, and each that was acknowledged. */
typedef enum {
	LEDGER_TRY_LEAD = 1,
	LEDGER_LED,      /* value: epoch */
	LEDGER_TRY_HEAD, /* value: the head if the append goes well */
	LEDGER_HEAD,
	LEDGER_TRY_APPLIED,
	LEDGER_APPLIED,
	LEDGER_TRY_TRIM,
	LEDGER_TRIMMED,
	LEDGER_TRY_RESTORE,
	LEDGER_RESTORED,
} ledger_what;

typedef struct ledger_mark {
	uint64_t what, value;
} ledger_mark;

/* The ledger as of a moment: what was acknowledged, and what may have happened besides. */
typedef struct ledger {
	uint64_t epoch, head, try_head, applied, try_applied, trimmed, try_trimmed;
	int is_leading_tried; /* an epoch above `epoch` may be there */
	int is_restore_tried, is_restored;
} ledger;

void ledger_note(void *ledger, const void *data, uint32_t len); /* a replay_mark */

#endif
