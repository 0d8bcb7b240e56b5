/* SPDX-License-Identifier: Apache-2.0 */
#include "model/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

/*
 * The one table of what can be answered other than success. The first row with an nc_code is that
 * code's own; more particular rows follow. Const; any thread.
 */

#define DOMAIN "nc."
enum { TEXT_MAX = 320 };

#define ROW(c, nc_, http, exit_, retry, t)                                                         \
	{                                                                                          \
		c, nc_, http, exit_, retry, t                                                      \
	}
const nc_problem nc_problems[] = {
	/* what was asked is wrong */
	ROW("invalid", NC_E_INVAL, 422, NC_EXIT_USAGE, 0, "The request is not valid"),
	ROW("malformed", NC_E_INVAL, 400, NC_EXIT_USAGE, 0, "The request can't be read"),
	ROW("too_large", NC_E_INVAL, 413, NC_EXIT_USAGE, 0, "The request is too large"),
	ROW("media_type", NC_E_INVAL, 415, NC_EXIT_USAGE, 0, "This content type is not taken here"),
	ROW("method_not_allowed", NC_E_INVAL, 405, NC_EXIT_USAGE, 0,
		"This method is not served here"),
	ROW("idempotency_mismatch", NC_E_INVAL, 422, NC_EXIT_USAGE, 0,
		"The idempotency key was used with another request"),
	/* what it is about */
	ROW("not_found", NC_E_NOTFOUND, 404, NC_EXIT_NOT_FOUND, 0, "There is no such object"),
	ROW("gone", NC_E_NOTFOUND, 410, NC_EXIT_NOT_FOUND, 0, "It is no longer kept"),
	ROW("exists", NC_E_EXISTS, 409, NC_EXIT_CONFLICT, 0, "It is there already"),
	ROW("busy", NC_E_BUSY, 409, NC_EXIT_CONFLICT, 1, "Another operation is at work on it"),
	ROW("conflict", NC_E_CONFLICT, 409, NC_EXIT_CONFLICT, 0, "Not in the present state"),
	ROW("changed", NC_E_CONFLICT, 412, NC_EXIT_CONFLICT, 1, "It was changed meanwhile"),
	ROW("precondition_required", NC_E_CONFLICT, 428, NC_EXIT_CONFLICT, 0,
		"This needs an If-Match"),
	ROW("ambiguous", NC_E_CONFLICT, 409, NC_EXIT_CONFLICT, 0, "The name means several objects"),
	ROW("protected", NC_E_CONFLICT, 409, NC_EXIT_CONFLICT, 0, "It is protected"),
	ROW("in_use", NC_E_CONFLICT, 409, NC_EXIT_CONFLICT, 0, "It is in use"),
	ROW("locked", NC_E_CONFLICT, 409, NC_EXIT_CONFLICT, 0, "It is locked"),
	/* who asks */
	ROW("denied", NC_E_DENIED, 403, NC_EXIT_DENIED, 0, "Not allowed"),
	ROW("unauthenticated", NC_E_DENIED, 401, NC_EXIT_DENIED, 0, "Who are you?"),
	ROW("refused_by_policy", NC_E_DENIED, 403, NC_EXIT_DENIED, 0, "A policy refused it"),
	ROW("needs_approval", NC_E_DENIED, 403, NC_EXIT_DENIED, 0, "It waits for approval"),
	ROW("rate_limited", NC_E_UNAVAILABLE, 429, NC_EXIT_UNAVAILABLE, 1, "Too many requests"),
	ROW("quota", NC_E_QUOTA, 403, NC_EXIT_QUOTA, 0, "The quota does not allow it"),
	ROW("no_capacity", NC_E_UNAVAILABLE, 409, NC_EXIT_NO_CAPACITY, 1, "It fits nowhere"),
	/* how it went */
	ROW("timeout", NC_E_TIMEOUT, 504, NC_EXIT_TIMEOUT, 1, "It took too long"),
	ROW("cancelled", NC_E_CANCELLED, 409, NC_EXIT_CANCELLED, 0, "It was cancelled"),
	ROW("unavailable", NC_E_UNAVAILABLE, 503, NC_EXIT_UNAVAILABLE, 1, "Not available now"),
	ROW("degraded", NC_E_UNAVAILABLE, 503, NC_EXIT_UNAVAILABLE, 1,
		"The store takes no changes now; reading works"),
	ROW("outcome_unknown", NC_E_UNAVAILABLE, 502, NC_EXIT_FAILED, 0,
		"Nobody knows yet whether it happened"),
	ROW("unsupported", NC_E_UNSUPPORTED, 501, NC_EXIT_FAILED, 0, "This is not supported here"),
	ROW("protocol", NC_E_PROTO, 502, NC_EXIT_FAILED, 0,
		"A driver or the store answered nonsense"),
	ROW("internal", NC_E_INTERNAL, 500, NC_EXIT_FAILED, 0, "A fault of ours"),
	ROW("no_memory", NC_E_NOMEM, 503, NC_EXIT_UNAVAILABLE, 1, "Out of memory"),
	/* plugins and packages */
	ROW("not_trusted", NC_E_DENIED, 403, NC_EXIT_NOT_TRUSTED, 0,
		"Not signed by anyone trusted"),
	ROW("incompatible", NC_E_UNSUPPORTED, 409, NC_EXIT_INCOMPATIBLE, 0,
		"Not compatible with this kernel"),
	ROW("quarantined", NC_E_UNAVAILABLE, 409, NC_EXIT_QUARANTINED, 0, "In quarantine"),
	ROW("stale", NC_E_CONFLICT, 409, NC_EXIT_STALE, 0, "The index is out of date"),
};
#undef ROW
const size_t nc_n_problems = NC_LEN(nc_problems);

const nc_problem *nc_problem_find(const char *code)
{
	for (size_t i = 0; i < nc_n_problems; i++)
		if (strcmp(nc_problems[i].code, code) == 0)
			return &nc_problems[i];
	return NULL;
}

/* The row that stands for a bare code: of several the one that has the code's own name. */
static const nc_problem *row_of_code(nc_code code)
{
	const nc_problem *named = nc_problem_find(nc_code_name(code));
	if (named && named->nc == code)
		return named;
	for (size_t i = 0; i < nc_n_problems; i++)
		if (nc_problems[i].nc == code)
			return &nc_problems[i];
	return nc_problem_find("internal");
}

const nc_problem *nc_problem_of(const nc_error *err)
{
	if (err->flags & NC_ERR_OUTCOME_UNKNOWN)
		return nc_problem_find("outcome_unknown");
	if (strncmp(err->domain, DOMAIN, sizeof(DOMAIN) - 1) == 0) {
		const nc_problem *p = nc_problem_find(err->domain + sizeof(DOMAIN) - 1);
		if (p && p->nc == err->code)
			return p;
	}
	return row_of_code(err->code);
}

nc_code nc_problem_err(nc_error *err, const char *code, const char *fmt, ...)
{
	const nc_problem *p = nc_problem_find(code);
	nc_assert(p);
	char text[TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	nc_err(err, p->nc, "%s", text);
	if (err) {
		snprintf(err->domain, sizeof(err->domain), DOMAIN "%s", code);
		if (p->is_retryable)
			err->flags |= NC_ERR_RETRYABLE;
	}
	return p->nc;
}
