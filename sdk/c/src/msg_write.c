/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A struct into JSON text by the table that describes it, checked on the way: a result that breaks
 * its own schema is the plugin's fault and must be seen here, not by whoever reads it. Any thread.
 */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg_internal.h"

typedef struct writer {
	nc_plug_buf *buf;
	const nc_msg *msg; /* the outermost, for errors */
	nc_error *err;
} writer;

static nc_code broken(const writer *w, const nc_msg_field *f, const char *what)
{
	return nc_plug_fail_in("sdk", w->err, NC_E_INTERNAL, 0,
		"This is a fault of the plugin; report it to its publisher.",
		"%s: %s in what the plugin wrote as %s", f->name, what, w->msg->name);
}

static nc_code write_object(writer *w, const nc_msg *msg, const char *in);
static nc_code write_value(writer *w, const nc_msg_field *f, const void *value);

static nc_code write_str(writer *w, const nc_msg_field *f, const char *s)
{
	int64_t chars = 0;

	if (!s)
		return broken(w, f, "a string that is NULL");
	for (const char *p = s; *p; p++)
		chars += (*p & 0xC0) != 0x80;
	if (chars < f->min || chars > f->max)
		return broken(w, f, "a string too short or too long");
	nc_plug_buf_json_str(w->buf, s);
	return NC_OK;
}

/* The fewest digits that read back; without the locale's idea of a decimal point. */
static nc_code write_num(writer *w, const nc_msg_field *f, double v)
{
	char text[40];

	if (!(v >= (double)f->min && v <= (double)f->max) || v > DBL_MAX || v < -DBL_MAX)
		return broken(w, f, "a number out of range");
	for (int digits = 6; digits <= 17; digits++) {
		char *comma;

		(void)snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			digits = 17;
		comma = strchr(text, ',');
		if (comma)
			*comma = '.';
	}
	nc_plug_buf_puts(w->buf, text);
	return NC_OK;
}

static nc_code write_int(writer *w, const nc_msg_field *f, int64_t v)
{
	if (v < f->min || v > f->max)
		return broken(w, f, "an integer out of range");
	nc_plug_buf_printf(w->buf, "%lld", (long long)v);
	return NC_OK;
}

static nc_code write_enum(writer *w, const nc_msg_field *f, int32_t v)
{
	const char *name = nc_msg_enum_name(f->names, v);

	if (!*name)
		return broken(w, f, "an enum without a value");
	nc_plug_buf_json_str(w->buf, name);
	return NC_OK;
}

static nc_code write_raw(writer *w, const nc_msg_field *f, const nc_bytes *raw)
{
	nc_code rc = raw->ptr ? nc_msg_check_object(*raw, NULL) : NC_OK;

	if (rc == NC_E_NOMEM)
		return nc_plug_nomem_in("sdk", w->err);
	if (rc != NC_OK)
		return broken(w, f, "bytes that are no object");
	if (raw->ptr)
		nc_plug_buf_put(w->buf, raw->ptr, raw->len);
	else
		nc_plug_buf_puts(w->buf, "{}");
	return NC_OK;
}

static nc_code write_list(writer *w, const nc_msg_field *f, const nc_msg_list *list)
{
	size_t size = nc_msg_size_of(f->item);

	if ((int64_t)list->n < f->min || (int64_t)list->n > f->max)
		return broken(w, f, "too few or too many items");
	nc_plug_buf_puts(w->buf, "[");
	for (size_t i = 0; i < list->n; i++) {
		nc_code rc;

		if (i)
			nc_plug_buf_puts(w->buf, ",");
		rc = write_value(w, f->item, (const char *)list->items + i * size);
		if (rc != NC_OK)
			return rc;
	}
	nc_plug_buf_puts(w->buf, "]");
	return NC_OK;
}

static nc_code write_map(writer *w, const nc_msg_field *f, const nc_msg_list *list)
{
	const nc_msg_field *fields = f->obj->fields;

	nc_plug_buf_puts(w->buf, "{");
	for (size_t i = 0; i < list->n; i++) {
		const char *entry = (const char *)list->items + i * f->obj->size;
		const char *const *key = (const void *)(entry + fields[0].offset);
		nc_code rc;

		if (i)
			nc_plug_buf_puts(w->buf, ",");
		if (!*key)
			return broken(w, f, "a key that is NULL");
		nc_plug_buf_json_str(w->buf, *key);
		nc_plug_buf_puts(w->buf, ":");
		rc = write_value(w, &fields[1], entry + fields[1].offset);
		if (rc != NC_OK)
			return rc;
	}
	nc_plug_buf_puts(w->buf, "}");
	return NC_OK;
}

static nc_code write_value(writer *w, const nc_msg_field *f, const void *value)
{
	switch (f->type) {
	case NC_MSG_STR:
		return write_str(w, f, *(const char *const *)value);
	case NC_MSG_INT:
		return write_int(w, f, *(const int64_t *)value);
	case NC_MSG_NUM:
		return write_num(w, f, *(const double *)value);
	case NC_MSG_BOOL:
		nc_plug_buf_puts(w->buf, *(const bool *)value ? "true" : "false");
		return NC_OK;
	case NC_MSG_ENUM:
		return write_enum(w, f, *(const int32_t *)value);
	case NC_MSG_RAW:
		return write_raw(w, f, value);
	case NC_MSG_LIST:
		return write_list(w, f, value);
	case NC_MSG_MAP:
		return write_map(w, f, value);
	default:
		return write_object(w, f->obj, value);
	}
}

static bool is_absent(const nc_msg_field *f, const char *in)
{
	const char *at = in + f->offset;

	if (f->flags & NC_MSG_REQUIRED)
		return false;
	if (f->has)
		return !*(const bool *)(in + f->has);
	switch (f->type) {
	case NC_MSG_STR:
		return !*(const char *const *)(const void *)at;
	case NC_MSG_ENUM:
		return !*(const int32_t *)(const void *)at;
	case NC_MSG_RAW:
		return !((const nc_bytes *)(const void *)at)->ptr;
	case NC_MSG_LIST:
	case NC_MSG_MAP:
		return !((const nc_msg_list *)(const void *)at)->items;
	default:
		return false; /* it has a default, so it is always there */
	}
}

static nc_code write_object(writer *w, const nc_msg *msg, const char *in)
{
	bool is_first = true;

	nc_plug_buf_puts(w->buf, "{");
	for (size_t i = 0; i < msg->n_fields; i++) {
		const nc_msg_field *f = &msg->fields[i];
		nc_code rc;

		if (is_absent(f, in))
			continue;
		if (!is_first)
			nc_plug_buf_puts(w->buf, ",");
		is_first = false;
		nc_plug_buf_json_str(w->buf, f->name);
		nc_plug_buf_puts(w->buf, ":");
		rc = write_value(w, f, in + f->offset);
		if (rc != NC_OK)
			return rc;
	}
	nc_plug_buf_puts(w->buf, "}");
	return NC_OK;
}

nc_code nc_msg_write(const nc_msg *msg, const void *in, nc_plug_buf *buf, nc_error *err)
{
	writer w = { buf, msg, err };
	nc_code rc = write_object(&w, msg, in);

	if (rc != NC_OK)
		return rc;
	if (buf->error == NC_E_NOMEM)
		return nc_plug_nomem_in("sdk", err);
	if (buf->error != NC_OK)
		return nc_plug_fail_in("sdk", err, NC_E_INTERNAL, 0,
			"This is a fault of the plugin; report it to its publisher.",
			"%s of more than %zu bytes", msg->name, buf->limit);
	return NC_OK;
}

nc_code nc_msg_differs(
	const nc_msg *msg, const void *a, const void *b, uint8_t flags, const char **ret)
{
	nc_plug_buf x = NC_PLUG_BUF(SIZE_MAX / 4), y = NC_PLUG_BUF(SIZE_MAX / 4);
	nc_code rc = NC_OK;

	*ret = NULL;
	for (size_t i = 0; rc == NC_OK && !*ret && i < msg->n_fields; i++) {
		/* A message of that member alone, written from both. */
		nc_msg one = { msg->name, msg->size, 1, 0, &msg->fields[i] };

		if (!(msg->fields[i].flags & flags))
			continue;
		nc_plug_buf_reset(&x);
		nc_plug_buf_reset(&y);
		rc = nc_msg_write(&one, a, &x, NULL);
		if (rc == NC_OK)
			rc = nc_msg_write(&one, b, &y, NULL);
		if (rc == NC_OK && (x.len != y.len || memcmp(x.ptr, y.ptr, x.len) != 0))
			*ret = msg->fields[i].name;
	}
	nc_plug_buf_done(&x);
	nc_plug_buf_done(&y);
	return rc;
}
