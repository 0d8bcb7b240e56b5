/* SPDX-License-Identifier: Apache-2.0 */
#include "model/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

/*
 * The list of everything that is wrong with a request, one fault a field. Adding never fails: what does not fit is
 * counted, and an arena that is full is remembered. One thread. Never quotes a value from the
 * request, which may be a password that was put in the wrong place.
 */

enum { TEXT_MAX = 320 };

void nc_faults_init(nc_faults *f, nc_arena *arena)
{
	f->arena = arena;
	f->n = f->dropped = 0;
	f->is_nomem = f->has_added = 0;
}

int nc_faults_has(const nc_faults *f, const char *field)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (strcmp(f->list[i].field, field) == 0)
			return 1;
	return 0;
}

void nc_fault_add(nc_faults *f, const char *field, const char *code, const char *fmt, ...)
{
	f->has_added = 0;
	if (!field) {
		f->is_nomem = 1;
		return;
	}
	if (field[0] && nc_faults_has(f, field))
		return;
	if (f->n == NC_FAULTS_MAX) {
		f->dropped++;
		return;
	}
	char text[TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	const char *message = nc_arena_strdup(f->arena, text);
	if (!message) {
		f->is_nomem = 1;
		return;
	}
	f->has_added = 1;
	f->list[f->n++] = (nc_fault){ field, code, message, NULL };
}

void nc_fault_hint(nc_faults *f, const char *fmt, ...)
{
	if (!f->has_added)
		return;
	char text[TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	const char *hint = nc_arena_strdup(f->arena, text);
	if (!hint)
		f->is_nomem = 1;
	f->list[f->n - 1].hint = hint;
}

nc_code nc_faults_error(const nc_faults *f, nc_error *err)
{
	if (f->is_nomem)
		return nc_err_nomem(err);
	if (!f->n)
		return NC_OK;
	const nc_fault *first = &f->list[0];
	uint32_t more = f->n - 1 + f->dropped;
	const char *colon = first->field[0] ? ": " : "";
	nc_code rc;
	if (more)
		rc = nc_err(err, NC_E_INVAL, "%s%s%s (and %u more)", first->field, colon,
			first->message, more);
	else
		rc = nc_err(err, NC_E_INVAL, "%s%s%s", first->field, colon, first->message);
	if (err)
		err->flags |= NC_ERR_USER_FAULT;
	return first->hint ? nc_err_hint(err, rc, "%s", first->hint) : rc;
}

void nc_faults_render(const nc_faults *f, nc_jw *w)
{
	nc_jw_arr(w);
	for (uint32_t i = 0; i < f->n; i++) {
		nc_jw_obj(w);
		nc_jw_kstr(w, "field", f->list[i].field);
		nc_jw_kstr(w, "code", f->list[i].code);
		nc_jw_kstr(w, "message", f->list[i].message);
		if (f->list[i].hint)
			nc_jw_kstr(w, "hint", f->list[i].hint);
		nc_jw_obj_end(w);
	}
	nc_jw_arr_end(w);
}
