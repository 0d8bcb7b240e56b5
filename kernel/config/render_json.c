/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot as JSON, for the API and `config show`. A secret comes out as whether it is set, and
 * nothing of it. Any thread that holds a reference.
 */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "config/render.h"
#include "config/section.h"
#include "config/value.h"

static void put_paths(nc_jw *w, const nc_config_list *list)
{
	nc_jw_arr(w);
	for (size_t i = 0; i < list->n; i++)
		nc_jw_str(w, list->v[i]);
	nc_jw_arr_end(w);
}

static void put_plugins(nc_jw *w, const nc_config_plugins *list)
{
	nc_jw_arr(w);
	for (size_t i = 0; i < list->n; i++) {
		nc_jw_obj(w);
		nc_jw_kstr(w, "id", list->v[i].id);
		nc_jw_kstr(w, "isolation",
			list->v[i].isolation == NC_CONFIG_IN_PROCESS ? "in_process" : "process");
		nc_jw_obj_end(w);
	}
	nc_jw_arr_end(w);
}

static void put_uids(nc_jw *w, const nc_config_uids *list)
{
	static const char *const roles[] = { [NC_CONFIG_VIEWER] = "viewer",
		[NC_CONFIG_OPERATOR] = "operator",
		[NC_CONFIG_ADMINISTRATOR] = "administrator" };

	nc_jw_arr(w);
	for (size_t i = 0; i < list->n; i++) {
		nc_jw_obj(w);
		nc_jw_ki64(w, "uid", list->v[i].uid);
		nc_jw_kstr(w, "role", roles[list->v[i].role]);
		nc_jw_obj_end(w);
	}
	nc_jw_arr_end(w);
}

static void put_duration(nc_jw *w, int64_t us)
{
	char text[NC_CONFIG_DURATION_MAX];

	nc_config_duration_format(us, text);
	nc_jw_str(w, text);
}

static void put_mode(nc_jw *w, uint32_t mode)
{
	char text[16];

	snprintf(text, sizeof(text), "%04o", mode);
	nc_jw_str(w, text);
}

static void put_secret(nc_jw *w, const char *text)
{
	nc_jw_obj(w);
	nc_jw_kbool(w, "set", text[0] != '\0');
	nc_jw_obj_end(w);
}

static void put_value(nc_jw *w, const nc_config_key *k, const void *v)
{
	const char *const *text = v;

	if (k->secret) {
		put_secret(w, *text);
		return;
	}
	switch (k->type) {
	case NC_CONFIG_T_BOOL:
		nc_jw_bool(w, *(const bool *)v);
		break;
	case NC_CONFIG_T_INT:
		nc_jw_i64(w, *(const int64_t *)v);
		break;
	case NC_CONFIG_T_RATIO:
		nc_jw_f64(w, *(const double *)v);
		break;
	case NC_CONFIG_T_ENUM:
		nc_jw_str(w, k->choices[*(const uint32_t *)v]);
		break;
	case NC_CONFIG_T_DURATION:
		put_duration(w, *(const int64_t *)v);
		break;
	case NC_CONFIG_T_MODE:
		put_mode(w, *(const uint32_t *)v);
		break;
	case NC_CONFIG_T_STRING:
	case NC_CONFIG_T_PATH:
		nc_jw_str(w, *text);
		break;
	case NC_CONFIG_T_PATHS:
		put_paths(w, v);
		break;
	case NC_CONFIG_T_PLUGINS:
		put_plugins(w, v);
		break;
	case NC_CONFIG_T_UIDS:
		put_uids(w, v);
		break;
	case NC_CONFIG_T_MAP:
		nc_jw_raw(w, *text, strlen(*text));
		break;
	}
}

/* The writer takes terminated keys; a section's name stands inside a longer one. */
static void put_section(nc_jw *w, const char *key, size_t i)
{
	size_t len;
	const char *word = nc_config_word(key, i, &len);
	char name[NC_CONFIG_ENV_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	nc_jw_kobj(w, name);
}

void nc_config_render_json(const nc_config *c, nc_buf *out)
{
	size_t n, len, open = 0;
	const nc_config_key *keys = nc_config_keys(&n);
	const char *before = NULL;
	nc_jw w;

	nc_jw_init(&w, out);
	nc_jw_obj(&w);
	for (size_t i = 0; i < n; i++) {
		const nc_config_key *k = &keys[i];
		size_t shared = nc_config_shared_depth(before, k->key);

		for (; open > shared; open--)
			nc_jw_obj_end(&w);
		for (; open < nc_config_depth(k->key); open++)
			put_section(&w, k->key, open);
		nc_jw_key(&w, nc_config_word(k->key, open, &len));
		put_value(&w, k, nc_config_slot_const(c, k));
		before = k->key;
	}
	for (; open; open--)
		nc_jw_obj_end(&w);
	nc_jw_obj_end(&w);
}
