/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_WRAP_ALLOC_H
#define NC_TESTS_WRAP_ALLOC_H

#include <stdint.h>

/*
 * Fault injection for code that calls malloc itself, as plugins do: link with wrap_alloc.c and
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup. Per thread.
 *
 *	WRAP_TORTURE (n) {
 *		rc = something();
 *		CHECK(rc == NC_OK || rc == NC_E_NOMEM);
 *	}
 *
 * runs the body with its 1st, 2nd, … allocation failing until one run needed no failure.
 */
void wrap_alloc_fail_at(uint64_t n); /* 0: never */
int wrap_alloc_has_failed(void);
/* Let what a test does between the calls under test go untouched; the count stands still. */
void wrap_alloc_pause(void);
void wrap_alloc_resume(void);

#define WRAP_TORTURE(n)                                                                            \
	for (uint64_t n = 1; n == 1 || wrap_alloc_step(n); n++)                                    \
		for (int once_ = (wrap_alloc_fail_at(n), 1); once_; once_ = 0)
/* Whether the run before this one met its failure, so that another is due; disarms. */
int wrap_alloc_step(uint64_t n);

#endif
