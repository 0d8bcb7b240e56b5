/* SPDX-License-Identifier: Apache-2.0 */
#include "model_util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *mu_json(const char *text)
{
	char *copy = strdup(text);
	json_t *j = NULL;
	nc_error err = NC_ERROR_INIT;
	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	if (nc_json_parse(nc_str(copy), 1 << 20, &j, &err)) {
		fprintf(stderr, "%s\n%s\n", err.message, copy);
		exit(2);
	}
	free(copy);
	return j;
}

nc_object *mu_parse(const nc_kind *k, const char *text, nc_arena *a, nc_faults *f)
{
	_cleanup_(nc_json_decrefp) json_t *j = mu_json(text);
	nc_faults_init(f, a);
	return nc_object_parse(k, j, a, f);
}

nc_object *mu_make(const nc_kind *k, const char *text, nc_arena *a)
{
	nc_faults f;
	nc_object *obj = mu_parse(k, text, a, &f);
	if (!obj)
		fprintf(stderr, "%s\n", mu_faults(&f));
	CHECK(obj != NULL);
	return obj;
}

const char *mu_text(nc_object *obj)
{
	_cleanup_(nc_buf_done) nc_buf b;
	nc_buf_init(&b, 1 << 20);
	nc_object_render(obj, &b);
	return nc_buf_failed(&b) ? NULL : nc_arena_strdup(obj->arena, b.ptr);
}

const nc_fault *mu_fault(const nc_faults *f, const char *field)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (strcmp(f->list[i].field, field) == 0)
			return &f->list[i];
	return NULL;
}

const char *mu_faults(const nc_faults *f)
{
	static char text[4096];
	size_t len = 0;
	text[0] = '\0';
	for (uint32_t i = 0; i < f->n && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s: %s\n",
			f->list[i].field, f->list[i].code);
	return text;
}
