/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_KIT_H
#define NC_KIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "novacron-sdk/conformance.h"
#include "novacron/plugin.h"

/*
 * Findings. A child writes them to its parent through a pipe, one fixed-size record a write, so
 * that what was found before a crash is not lost; the parent adds them up.
 */
typedef enum kit_verdict { KIT_PASS, KIT_FAIL, KIT_NOT_EXERCISED } kit_verdict;
typedef struct kit_finding {
	char rule[16]; /* "P4", or "V3" for what verbs promise */
	char verb[40]; /* "" when it is about the plugin as a whole */
	int32_t verdict;
	char detail[320];
} kit_finding;

/* P1 to P12 are ABI.md's. What a verb promises has names of the kit's own. */
#define KIT_RESULT   "V1" /* does what it says, and answers by its schema */
#define KIT_REPEAT   "V2" /* a repeated key, one after the other and at once */
#define KIT_CANCEL   "V3" /* what cancel answered is true */
#define KIT_DEADLINE "V4" /* after a deadline recover knows what became of it */
#define KIT_LOST     "V5" /* so it does after a lost reply */
#define KIT_RECOVER  "V6" /* of keys never used, and of those long done */
#define KIT_CLOSED   "V7" /* a member it does not know is refused */
#define KIT_STREAM   "V8" /* bytes, checksum, who owns the descriptor */
#define KIT_HEALTH   "V9" /* the document keeps its schema */

void kit_found(const char *rule, const char *verb, kit_verdict verdict, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
extern int kit_pipe; /* where findings go in a child; -1: none */
const char *kit_rule_title(const char *rule);

/* A plugin's folder, read without loading anything. */
typedef struct kit_folder {
	char path[4096], entry[4400];
	json_t *manifest, *schema, *settings;
	char config[65536];      /* JSON text for create */
	char bare_config[65536]; /* the same without secrets */
	int64_t time_ms;
	size_t jobs;
	const char *host; /* nc-plugin-host, where it is to run; NULL: in the kit's own process */
} kit_folder;
/* 0, or the exit code, with the reason printed to stderr. */
int kit_folder_open(kit_folder *f, const char *path, const char *settings);
void kit_folder_close(kit_folder *f);
bool kit_folder_lists(const kit_folder *f, const char *list, const char *name); /* "wants" … */
bool kit_folder_provides(const kit_folder *f, const char *ext);
const char *kit_folder_setting(const kit_folder *f, const char *name); /* NULL: none */

/*
 * A check: fn runs in a child of its own; what it finds comes back by kit_found's pipe. A crash, a
 * hang past the limit and words on stdout or stderr (P8) are findings against `rule` and `verb`.
 */
typedef struct kit_check {
	const char *rule, *verb; /* verb "": of the plugin as a whole */
	void (*fn)(const kit_folder *f, const void *arg);
	const void *arg;
} kit_check;
typedef struct kit_findings {
	kit_finding *list;
	size_t n, cap;
} kit_findings;
enum { KIT_JOBS_MAX = 32 };
/* In a check: more than a third of its time is left, so that one more of many tries can be made. */
bool kit_has_time(void);
/* All of them, f->jobs at a time. */
void kit_run_checks(const kit_folder *f, const kit_check *checks, size_t n, unsigned timeout_s,
	kit_findings *to);
void kit_findings_add(kit_findings *to, const kit_finding *one);

/* All checks there are, in order (checks.c). */
void kit_run_all(const kit_folder *f, const nc_conformance_options *o, kit_findings *to);
/* One way to run the plugin, and what was found. */
typedef struct kit_way {
	const char *name; /* "in_process", "process" */
	kit_findings found;
} kit_way;
/* The findings of each by rule and verb, the worst of each; exit code (report.c). */
int kit_report(kit_way *ways, size_t n, const kit_folder *f, const nc_conformance_options *o);

uint64_t kit_mono_ns(void);
void kit_sleep_ms(unsigned ms);

#endif
