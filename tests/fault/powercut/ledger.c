/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adds up a recording's marks. Pure.
 */
#include "ledger.h"

#include <string.h>

void ledger_note(void *arg, const void *data, uint32_t len)
{
	ledger *l = arg;
	ledger_mark m;
	if (len != sizeof(m))
		return;
	memcpy(&m, data, sizeof(m));
	switch ((ledger_what)m.what) {
	case LEDGER_TRY_LEAD:
		l->is_leading_tried = 1;
		break;
	case LEDGER_LED:
		l->epoch = m.value;
		l->is_leading_tried = 0;
		break;
	case LEDGER_TRY_HEAD:
		l->try_head = m.value;
		break;
	case LEDGER_HEAD:
		l->head = m.value;
		break;
	case LEDGER_TRY_APPLIED:
		l->try_applied = m.value;
		break;
	case LEDGER_APPLIED:
		l->applied = m.value;
		break;
	case LEDGER_TRY_TRIM:
		if (m.value > l->try_trimmed) /* one below the last does nothing */
			l->try_trimmed = m.value;
		break;
	case LEDGER_TRIMMED:
		l->trimmed = m.value;
		break;
	case LEDGER_TRY_RESTORE:
		l->is_restore_tried = 1;
		break;
	case LEDGER_RESTORED:
		l->is_restored = 1;
		break;
	}
}
