/* SPDX-License-Identifier: Apache-2.0 */
#include "model/member.h"

/*
 * A JSON tree as text in our writer's one form: what comes in as free JSON is stored so, and reads
 * back to the same bytes. Iterative: the depth is the input's, though the parser bounds it.
 */

typedef struct frame {
	json_t *j;
	void *it; /* of objects */
	size_t i; /* of arrays */
} frame;

static void write_scalar(nc_jw *w, const json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_STRING:
		nc_jw_strn(w, json_string_value(j), json_string_length(j));
		break;
	case JSON_INTEGER:
		nc_jw_i64(w, json_integer_value(j));
		break;
	case JSON_REAL:
		nc_jw_f64(w, json_real_value(j) == 0 ? 0 : json_real_value(j)); /* no -0 */
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		nc_jw_bool(w, json_is_true(j));
		break;
	default:
		nc_jw_null(w);
	}
}

/* Write j, or open it and give the frame to go on with. */
static int write_open(nc_jw *w, json_t *j, frame *ret)
{
	*ret = (frame){ .j = j };
	if (json_is_object(j)) {
		nc_jw_obj(w);
		ret->it = json_object_iter(j);
		return 1;
	}
	if (json_is_array(j)) {
		nc_jw_arr(w);
		return 1;
	}
	write_scalar(w, j);
	return 0;
}

static json_t *next_child(nc_jw *w, frame *f)
{
	if (json_is_array(f->j))
		return json_array_get(f->j, f->i++);
	if (!f->it)
		return NULL;
	json_t *child = json_object_iter_value(f->it);
	nc_jw_key(w, json_object_iter_key(f->it));
	f->it = json_object_iter_next(f->j, f->it);
	return child;
}

static void write_tree(nc_jw *w, json_t *j)
{
	frame stack[NC_JSON_DEPTH_MAX + 1];
	size_t depth = 0;
	if (!write_open(w, j, &stack[0]))
		return;
	depth = 1;
	while (depth) {
		frame *top = &stack[depth - 1];
		json_t *child = next_child(w, top);
		if (!child) {
			depth--;
			if (json_is_array(top->j))
				nc_jw_arr_end(w);
			else
				nc_jw_obj_end(w);
		} else if (depth == NC_LEN(stack)) {
			nc_jw_null(w); /* not reached: the parser allows no deeper */
		} else {
			depth += (size_t)write_open(w, child, &stack[depth]);
		}
	}
}

nc_code nc_json_text(json_t *j, nc_arena *a, size_t limit, nc_bytes *ret)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, limit + 1);
	nc_jw w;
	nc_jw_init(&w, &b);
	write_tree(&w, j);
	if (nc_buf_failed(&b))
		return b.error;
	void *text = nc_arena_memdup(a, b.ptr, b.len);
	if (!text)
		return NC_E_NOMEM;
	*ret = (nc_bytes){ text, b.len };
	return NC_OK;
}
