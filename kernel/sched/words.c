/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words as numbers and bits: zones, providers and host groups are compared as numbers, traits,
 * networks and pools as bits of a row. Numbers are given at first sight and never taken back, so a
 * request may hold on to them. Any thread; book_lock is held for each look-up.
 */
#include "base/buf.h"
#include "sched/ledger.h"

#define BITS_MAX (BIT_WORDS * 64u)

/* Lock held. */
static uint32_t number_of(nc_map *m, uint32_t *n, uint32_t max, const char *word, nc_word_how how)
{
	uintptr_t known = (uintptr_t)nc_map_get(m, nc_str(word));

	if (known || how == NC_WORD_FIND || *n == max)
		return (uint32_t)known;
	if (nc_map_put(m, nc_str(word), (void *)((uintptr_t)*n + 1), NULL) != NC_OK)
		return 0;
	return ++*n;
}

uint32_t nc_word_number(nc_sched *s, const char *word, nc_word_how how)
{
	if (!word)
		return 0;
	pthread_mutex_lock(&s->book_lock);
	uint32_t n = number_of(s->words, &s->n_words, UINT32_MAX - 1, word, how);
	pthread_mutex_unlock(&s->book_lock);
	return n;
}

nc_code nc_bits_of(nc_sched *s, nc_bits_class of, const char *const *words, size_t n,
	nc_word_how how, nc_bits *ret)
{
	nc_code rc = NC_OK;

	pthread_mutex_lock(&s->book_lock);
	for (size_t i = 0; i < n; i++) {
		uint32_t bit = number_of(s->bit_of[of], &s->n_bits[of], BITS_MAX, words[i], how);
		if (bit)
			ret->w[(bit - 1) / 64] |= UINT64_C(1) << (bit - 1) % 64;
		else if (how == NC_WORD_MAKE && s->n_bits[of] < BITS_MAX)
			rc = NC_E_NOMEM;
		else if (rc == NC_OK)
			rc = NC_E_NOTFOUND;
	}
	pthread_mutex_unlock(&s->book_lock);
	return rc;
}
