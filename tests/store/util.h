/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ST_UTIL_H
#define ST_UTIL_H

#include <stdint.h>

void st_sleep_ms(uint32_t ms);
uint64_t st_now_ms(void);
void st_remove_tree(const char *path);

#endif
