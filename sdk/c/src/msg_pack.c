/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deep copy of a message in one block, for what must outlive the call that brought it. The same
 * walk twice: first it only measures, then it copies. Any thread; the block is the caller's.
 */
#include <stdlib.h>
#include <string.h>

#include "msg_internal.h"

/* base NULL: measuring. `used` moves alike in both walks. */
typedef struct packer {
	char *base;
	size_t used;
} packer;

/* Room for n bytes with a copy of src in it; NULL while measuring. */
static void *place(packer *p, const void *src, size_t n, size_t align)
{
	char *to;

	p->used = (p->used + align - 1) / align * align;
	to = p->base ? p->base + p->used : NULL;
	p->used += n;
	if (to && n)
		memcpy(to, src, n);
	return to;
}

static void pack_object(packer *p, const nc_msg *msg, const char *in, char *out);

/* `in` is the original, `out` its shallow copy whose pointers are to be replaced (or NULL). */
static void pack_value(packer *p, const nc_msg_field *f, const void *in, void *out)
{
	const nc_msg_list *list = in;
	const char *s;
	char *to;

	switch (f->type) {
	case NC_MSG_STR:
		s = *(const char *const *)in;
		to = s ? place(p, s, strlen(s) + 1, 1) : NULL;
		if (out)
			*(char **)out = to;
		return;
	case NC_MSG_RAW:
		to = place(p, ((const nc_bytes *)in)->ptr, ((const nc_bytes *)in)->len, 1);
		if (out && ((const nc_bytes *)in)->ptr)
			((nc_bytes *)out)->ptr = to;
		return;
	case NC_MSG_OBJ:
		pack_object(p, f->obj, in, out);
		return;
	case NC_MSG_LIST:
	case NC_MSG_MAP:
		break;
	default:
		return;
	}
	if (!list->items)
		return;
	to = place(p, list->items,
		list->n * (f->type == NC_MSG_MAP ? f->obj->size : nc_msg_size_of(f->item)),
		_Alignof(max_align_t));
	if (out)
		((nc_msg_list *)out)->items = to;
	for (size_t i = 0; i < list->n; i++) {
		size_t off = i * (f->type == NC_MSG_MAP ? f->obj->size : nc_msg_size_of(f->item));
		const char *from = (const char *)list->items + off;

		if (f->type == NC_MSG_MAP)
			pack_object(p, f->obj, from, to ? to + off : NULL);
		else
			pack_value(p, f->item, from, to ? to + off : NULL);
	}
}

static void pack_object(packer *p, const nc_msg *msg, const char *in, char *out)
{
	for (size_t i = 0; i < msg->n_fields; i++) {
		const nc_msg_field *f = &msg->fields[i];

		pack_value(p, f, in + f->offset, out ? out + f->offset : NULL);
	}
}

void *nc_msg_pack(const nc_msg *msg, const void *in)
{
	packer p = { NULL, 0 };
	char *out;

	(void)place(&p, in, msg->size, 1);
	pack_object(&p, msg, in, NULL);
	p.base = malloc(p.used ? p.used : 1);
	if (!p.base)
		return NULL;
	p.used = 0;
	out = place(&p, in, msg->size, 1);
	pack_object(&p, msg, in, out);
	return p.base;
}
