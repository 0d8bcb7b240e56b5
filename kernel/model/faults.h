/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_FAULTS_H
#define NC_MODEL_FAULTS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/jsonw.h"
#include "novacron/abi.h"

/*
 * Everything that is wrong with one request, found in one pass: the `errors[]` of a problem
 * document. Bounded; what does not fit is counted. Texts live in the caller's arena. Owned by one
 * thread. `code` is a stable word: required, unknown_field, read_only, immutable, type, range,
 * length, format, choice, duplicate, subresource, conflict, not_found, ambiguous, unsupported.
 */
#define NC_FAULTS_MAX 32

typedef struct nc_fault {
	const char *field; /* "disks[2].size_gib"; "" = the document as a whole */
	const char *code;
	const char *message;
	const char *hint; /* may be NULL */
} nc_fault;

typedef struct nc_faults {
	nc_arena *arena;
	nc_fault list[NC_FAULTS_MAX];
	uint32_t n, dropped;
	int is_nomem;  /* the arena failed: the list is not complete */
	int has_added; /* whether the last add took place: what a hint belongs to */
} nc_faults;

void nc_faults_init(nc_faults *f, nc_arena *arena);
static inline int nc_faults_any(const nc_faults *f)
{
	return f->n || f->is_nomem;
}
int nc_faults_has(const nc_faults *f, const char *field);
/* Add one, unless the field has a fault already; field and code are kept as they are (static or arena), the message is formatted. */
void nc_fault_add(nc_faults *f, const char *field, const char *code, const char *fmt, ...)
	nc_printf(4, 5);
/* Give the fault added last its hint. */
void nc_fault_hint(nc_faults *f, const char *fmt, ...) nc_printf(2, 3);
/* The first fault as an error: "disks[0].size_gib: must be at least 1 (and 2 more)"; NC_E_INVAL,
 * NC_E_NOMEM, or NC_OK when there is none. */
nc_code nc_faults_error(const nc_faults *f, nc_error *err);
/* As the array `errors` of a problem document. */
void nc_faults_render(const nc_faults *f, nc_jw *w);

#endif
