/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_BASE_CLOCK_H
#define NC_BASE_CLOCK_H

#include <stdint.h>

/*
 * Every reading of time goes through here, so tests can turn it. Monotonic time never goes back;
 * wall time may jump. Any thread.
 */
int64_t nc_clock_mono_us(void);
uint64_t nc_clock_mono_ns(void);
int64_t nc_clock_wall_ms(void);     /* unix milliseconds */
void nc_clock_sleep_us(int64_t us); /* real time, or waits for a turned clock to get there */

/* Tests: freeze both clocks at the present and move them by hand; release goes back to real. */
void nc_clock_freeze(void);
void nc_clock_advance_us(int64_t us);
void nc_clock_release(void);

/* RFC 3339 with milliseconds, UTC. out has 25 places. parse: 0 or -1; any offset accepted. */
void nc_time_format(int64_t unix_ms, char out[25]);
int nc_time_parse(const char *s, int64_t *ret_unix_ms);
/* The Gregorian calendar, months and days from 1: days since 1970-01-01 and back. */
int64_t nc_days_of(int64_t year, int month, int day);
void nc_date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day);
/* "90", "30s", "5m", "24h", "7d", "150ms" → microseconds; 0 or -1 (negative, overflow, junk). */
int nc_duration_parse(const char *s, int64_t *ret_us);

#endif
