/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NC_MODEL_BODY_H
#define NC_MODEL_BODY_H

#include "base/buf.h"

/*
 * Ready bytes of one object, looked into without building a tree. Only for what our writer wrote:
 * no white space, no escapes in keys. Malformed text ends the walk; it is never read past its end.
 */
typedef struct nc_body_walk {
	const char *p, *end;
} nc_body_walk;

void nc_body_walk_init(nc_body_walk *w, nc_bytes body);
/* The next top-level member; *ret_at (may be NULL) is where it starts, its comma included. 0 = no
 * more. */
int nc_body_walk_next(nc_body_walk *w, nc_bytes *ret_key, nc_bytes *ret_value, const char **ret_at);

/* The same of an array. */
int nc_body_walk_elem(nc_body_walk *w, nc_bytes *ret_value);
/* Whether the walk has come to the closing bracket, and that is all there is. */
int nc_body_walk_is_whole(const nc_body_walk *w);

/* fields=: append only these top-level members of a body, and always id. */
void nc_body_project(nc_bytes body, const char *const *fields, size_t n, nc_buf *out);
/* The value of a top-level member as text inside the body; ptr NULL = not there. */
nc_bytes nc_body_member(nc_bytes body, const char *name);
/* Whether a value is this string, which needs no escapes. */
int nc_body_is_word(nc_bytes value, const char *word);
/* Where the observed members start in a rendered body (at the comma); its length when none. */
size_t nc_body_observed_at(nc_bytes body);

#endif
