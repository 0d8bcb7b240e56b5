/* SPDX-License-Identifier: Apache-2.0 */
#include "http/router.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/err.h"
#include "http/chars.h"

/*
 * One trie node per segment: literal children sorted for binary search, at most one child for
 * "{name}", and what stands here: routes that end at the node (exact) and those that take the rest
 * of the path. Parameter names are no part of the trie, so "/vms/{id}" and "/vms/{vm}/start" share
 * a node. Matching goes literal first and comes back for the parameter; its depth is that of the
 * patterns. Built once, then read by all threads.
 */

enum { METHODS_MAX = 16, ROUTER_MEMORY = 16 << 20 };

typedef struct leaf {
	const nc_http_route *routes[METHODS_MAX];
	size_t count;
	const char *allow;
} leaf;

typedef struct node {
	const char *text;
	struct node **children;
	size_t child_count, child_cap;
	struct node *param;
	leaf *exact, *rest;
} node;

struct nc_http_router {
	nc_arena *mem;
	node *root;
};

/* ---- patterns ---- */

typedef enum { SEG_LITERAL, SEG_PARAM, SEG_REST, SEG_BAD } seg_kind;

typedef struct segment {
	seg_kind kind;
	const char *text; /* of a parameter: its name */
	size_t len;
} segment;

/* The segment at *p, which stands on a slash; *p moves to the next slash or the end. */
static segment next_segment(const char **p)
{
	const char *text = *p + 1;
	size_t len = strcspn(text, "/");
	*p = text + len;
	if (text[0] != '{') {
		int is_fine = nc_http_span(text, len, NC_CH_PATH) == len && !memchr(text, '%', len);
		return (segment){ is_fine ? SEG_LITERAL : SEG_BAD, text, len };
	}
	if (len < 3 || text[len - 1] != '}')
		return (segment){ SEG_BAD, text, len };
	int is_rest = text[len - 2] == '*';
	size_t name_len = len - (is_rest ? 3 : 2);
	if (name_len == 0 || nc_http_span(text + 1, name_len, NC_CH_TOKEN) != name_len)
		return (segment){ SEG_BAD, text, len };
	return (segment){ is_rest ? SEG_REST : SEG_PARAM, text + 1, name_len };
}

int nc_http_route_param(const nc_http_route *route, const char *name)
{
	size_t name_len = strlen(name);
	const char *p = route->pattern;
	for (int i = 0; *p; i++) {
		segment s = next_segment(&p);
		if (s.kind != SEG_LITERAL && s.len == name_len && !memcmp(s.text, name, name_len))
			return i;
	}
	return -1;
}

static nc_code check_route(const nc_http_route *r, nc_error *err)
{
	const char *method = r->method ? r->method : "";
	const char *pattern = r->pattern ? r->pattern : "";
	size_t method_len = strlen(method);
	if (!r->handler)
		return nc_err(err, NC_E_INVAL, "route \"%s %s\" has no handler", method, pattern);
	if (method_len == 0 || nc_http_span(method, method_len, NC_CH_TOKEN) != method_len)
		return nc_err(
			err, NC_E_INVAL, "route \"%s %s\" has no valid method", method, pattern);
	if (pattern[0] != '/')
		return nc_err(err, NC_E_INVAL, "route \"%s %s\" does not begin with a slash",
			method, pattern);
	int depth = 0;
	for (const char *p = pattern; *p; depth++) {
		segment s = next_segment(&p);
		if (s.kind == SEG_BAD || (s.kind == SEG_REST && *p))
			return nc_err(err, NC_E_INVAL, "route \"%s %s\": segment %d is malformed",
				method, pattern, depth + 1);
	}
	if (depth > NC_PATH_DEPTH)
		return nc_err(err, NC_E_INVAL, "route \"%s %s\" has more than %d segments", method,
			pattern, NC_PATH_DEPTH);
	return NC_OK;
}

/* ---- building ---- */

/* Where `text` stands among the sorted children, or would. */
static size_t child_index(const node *n, const char *text, int *ret_found)
{
	size_t low = 0, high = n->child_count;
	*ret_found = 0;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = strcmp(text, n->children[mid]->text);
		if (cmp == 0) {
			*ret_found = 1;
			return mid;
		}
		if (cmp < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static node *insert_child(nc_arena *mem, node *n, size_t at, const char *text)
{
	if (n->child_count == n->child_cap) {
		size_t cap = n->child_cap ? n->child_cap * 2 : 4;
		node **grown = nc_arena_new_array(mem, node *, cap);
		if (!grown)
			return NULL;
		if (n->child_count)
			memcpy(grown, n->children, n->child_count * sizeof(*grown));
		n->children = grown;
		n->child_cap = cap;
	}
	node *child = nc_arena_alloc(mem, sizeof(*child));
	if (!child)
		return NULL;
	child->text = text;
	memmove(&n->children[at + 1], &n->children[at],
		(n->child_count - at) * sizeof(*n->children));
	n->children[at] = child;
	n->child_count++;
	return child;
}

/* The child for a segment, made when it isn't there. NULL: no memory. */
static node *descend(nc_arena *mem, node *n, const segment *s)
{
	if (s->kind == SEG_PARAM) {
		if (!n->param)
			n->param = nc_arena_alloc(mem, sizeof(*n->param));
		return n->param;
	}
	const char *text = nc_arena_strndup(mem, s->text, s->len);
	if (!text)
		return NULL;
	int found;
	size_t at = child_index(n, text, &found);
	return found ? n->children[at] : insert_child(mem, n, at, text);
}

static nc_code add_to_leaf(nc_arena *mem, leaf **l, const nc_http_route *r, nc_error *err)
{
	if (!*l)
		*l = nc_arena_alloc(mem, sizeof(**l));
	if (!*l)
		return nc_err_nomem(err);
	for (size_t i = 0; i < (*l)->count; i++) {
		if (!strcmp((*l)->routes[i]->method, r->method))
			return nc_err(err, NC_E_INVAL, "route \"%s %s\" is there already as \"%s\"",
				r->method, r->pattern, (*l)->routes[i]->pattern);
	}
	if ((*l)->count == METHODS_MAX)
		return nc_err(err, NC_E_INVAL, "route \"%s %s\" is the %dth method of its path",
			r->method, r->pattern, METHODS_MAX + 1);
	(*l)->routes[(*l)->count++] = r;
	return NC_OK;
}

static nc_code add_route(nc_http_router *router, const nc_http_route *r, nc_error *err)
{
	nc_code code = check_route(r, err);
	if (code != NC_OK)
		return code;
	node *n = router->root;
	for (const char *p = r->pattern; *p;) {
		segment s = next_segment(&p);
		if (s.kind == SEG_REST)
			return add_to_leaf(router->mem, &n->rest, r, err);
		n = descend(router->mem, n, &s);
		if (!n)
			return nc_err_nomem(err);
	}
	return add_to_leaf(router->mem, &n->exact, r, err);
}

static const nc_http_route *leaf_find(const leaf *l, const char *method)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!strcmp(l->routes[i]->method, method))
			return l->routes[i];
	}
	return NULL;
}

/* What Allow says: the methods, HEAD wherever there is GET, OPTIONS always. */
static nc_code set_allow(nc_arena *mem, leaf *l, nc_error *err)
{
	const char *allow = NULL;
	for (size_t i = 0; i < l->count; i++) {
		const char *m = l->routes[i]->method;
		allow = allow ? nc_arena_printf(mem, "%s, %s", allow, m) : m;
		if (allow && !strcmp(m, "GET") && !leaf_find(l, "HEAD"))
			allow = nc_arena_printf(mem, "%s, HEAD", allow);
		if (!allow)
			return nc_err_nomem(err);
	}
	l->allow = leaf_find(l, "OPTIONS") ? allow : nc_arena_printf(mem, "%s, OPTIONS", allow);
	return l->allow ? NC_OK : nc_err_nomem(err);
}

static leaf *leaf_of(const nc_http_router *router, const nc_http_route *r)
{
	node *n = router->root;
	for (const char *p = r->pattern; *p;) {
		segment s = next_segment(&p);
		if (s.kind == SEG_REST)
			return n->rest;
		n = descend(router->mem, n, &s);
		if (!n)
			return NULL;
	}
	return n->exact;
}

static nc_code build(nc_http_router *router, const nc_http_route *routes, size_t n, nc_error *err)
{
	for (size_t i = 0; i < n; i++) {
		nc_code code = add_route(router, &routes[i], err);
		if (code != NC_OK)
			return code;
	}
	for (size_t i = 0; i < n; i++) {
		leaf *l = leaf_of(router, &routes[i]);
		if (!l)
			return nc_err_nomem(err);
		nc_code code = l->allow ? NC_OK : set_allow(router->mem, l, err);
		if (code != NC_OK)
			return code;
	}
	return NC_OK;
}

nc_code nc_http_router_new(
	const nc_http_route *routes, size_t n, nc_http_router **ret, nc_error *err)
{
	_cleanup_(nc_http_router_freep) nc_http_router *router = nc_calloc(1, sizeof(*router));
	if (!router)
		return nc_err_nomem(err);
	router->mem = nc_arena_new(ROUTER_MEMORY);
	if (!router->mem)
		return nc_err_nomem(err);
	router->root = nc_arena_alloc(router->mem, sizeof(*router->root));
	if (!router->root)
		return nc_err_nomem(err);
	nc_code code = build(router, routes, n, err);
	if (code == NC_OK)
		*ret = nc_steal(&router);
	return code;
}

void nc_http_router_free(nc_http_router *r)
{
	if (!r)
		return;
	nc_arena_free(r->mem);
	nc_free(r);
}

/* ---- matching ---- */

typedef struct walk {
	const node *at[NC_PATH_DEPTH + 1]; /* at[d] has taken d segments */
	uint8_t tried[NC_PATH_DEPTH + 1];  /* the way to try next from at[d] */
	size_t depth;
} walk;

static void enter(walk *w, const node *n)
{
	w->depth++;
	w->at[w->depth] = n;
	w->tried[w->depth] = 0;
}

/* The most specific leaf for the path; NULL when there is none. */
static const leaf *find_leaf(const nc_http_router *r, const nc_http_path *path, size_t *ret_rest)
{
	enum { LITERAL, PARAM, REST, BACK };
	walk w = { .at = { r->root } };
	for (;;) {
		const node *n = w.at[w.depth];
		int is_end = w.depth == path->count && !path->is_deeper;
		int can_go_on = w.depth < path->count;
		int found = 0;
		*ret_rest = NC_NO_REST;
		if (is_end && n->exact)
			return n->exact;
		switch (w.tried[w.depth]++) {
		case LITERAL:
			if (!can_go_on)
				break;
			size_t i = child_index(n, path->segment[w.depth], &found);
			if (found)
				enter(&w, n->children[i]);
			break;
		case PARAM:
			if (can_go_on && n->param && path->segment[w.depth][0])
				enter(&w, n->param);
			break;
		case REST:
			/* A slash hidden in a segment would look like a real one once joined. */
			if (!n->rest || path->has_slash)
				break;
			*ret_rest = w.depth;
			return n->rest;
		default:
			if (w.depth == 0)
				return NULL;
			w.depth--;
		}
	}
}

nc_http_match_result nc_http_router_match(
	const nc_http_router *r, const char *method, const nc_http_path *path, nc_http_match *ret)
{
	const leaf *l = find_leaf(r, path, &ret->rest_from);
	if (!l)
		return NC_MATCH_NOT_FOUND;
	ret->route = leaf_find(l, method);
	if (!ret->route && !strcmp(method, "HEAD"))
		ret->route = leaf_find(l, "GET");
	if (ret->route)
		return NC_MATCH_OK;
	ret->allow = l->allow;
	return !strcmp(method, "OPTIONS") ? NC_MATCH_OPTIONS : NC_MATCH_NOT_ALLOWED;
}
