/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's screen as a picture in PPM: a pattern of its own, so that two can be told apart. */
#include <stdio.h>
#include <stdlib.h>

#include "query.h"

#define CELL 40 /* pixels of one square of the pattern */

char *sim_screen(const sim_guest_doc *doc, size_t *ret_len)
{
	char head[32];
	int n = snprintf(head, sizeof(head), "P6\n%d %d\n255\n", SIM_SCREEN_W, SIM_SCREEN_H);
	size_t len = (size_t)n + (size_t)SIM_SCREEN_W * SIM_SCREEN_H * 3;
	char *ppm = malloc(len), *to;
	uint64_t look = sim_hash((uint64_t)doc->boots, doc->native_id);

	if (!ppm)
		return NULL;
	for (int i = 0; i < n; i++)
		ppm[i] = head[i];
	to = ppm + n;
	for (int y = 0; y < SIM_SCREEN_H; y++) {
		for (int x = 0; x < SIM_SCREEN_W; x++) {
			unsigned cell = (unsigned)(y / CELL * (SIM_SCREEN_W / CELL) + x / CELL);
			bool is_lit = look >> cell % 64 & 1;

			*to++ = is_lit ? (char)(look >> 8) : 0;
			*to++ = is_lit ? (char)(look >> 16) : 0;
			*to++ = is_lit ? (char)(look >> 24 | 64) : 24;
		}
	}
	*ret_len = len;
	return ppm;
}
