/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_TESTS_FUZZ_H
#define NC_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls with each input. Broken promises are nc_assert, which ends the run. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
