/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `config generate` and the reference page, from the table alone, so that neither can fall behind
 * it. Writes into the caller's buffer, whose limit and error are the caller's. Any thread.
 */
#include <stdio.h>
#include <string.h>

#include "config/render.h"
#include "config/schema.h"
#include "config/section.h"
#include "config/value.h"

#define COLUMNS 96

static const char *const type_names[] = {
	[NC_CONFIG_T_BOOL] = "true or false",
	[NC_CONFIG_T_INT] = "whole number",
	[NC_CONFIG_T_RATIO] = "number",
	[NC_CONFIG_T_STRING] = "text",
	[NC_CONFIG_T_ENUM] = "word",
	[NC_CONFIG_T_DURATION] = "time",
	[NC_CONFIG_T_MODE] = "file mode",
	[NC_CONFIG_T_PATH] = "path",
	[NC_CONFIG_T_PATHS] = "list of paths",
	[NC_CONFIG_T_PLUGINS] = "list of plugins",
	[NC_CONFIG_T_UIDS] = "list of users",
	[NC_CONFIG_T_MAP] = "map",
};

static const char *const reload_names[] = {
	[NC_CONFIG_LIVE] = "at once",
	[NC_CONFIG_NEEDS_PLUGIN_RELOAD] = "after a plugin reload",
	[NC_CONFIG_NEEDS_RESTART] = "after a restart",
};

/* What may stand there: "1 to 65535", "full, unsafe". */
static void put_range(nc_buf *out, const nc_config_key *k)
{
	char lo[NC_CONFIG_DURATION_MAX], hi[NC_CONFIG_DURATION_MAX];

	if (k->type == NC_CONFIG_T_DURATION) {
		nc_config_duration_format((int64_t)k->min, lo);
		nc_config_duration_format((int64_t)k->max, hi);
		nc_buf_printf(out, "time from %s to %s", lo, hi);
	} else if (k->type == NC_CONFIG_T_INT || k->type == NC_CONFIG_T_RATIO) {
		nc_buf_printf(out, "%s from %.10g to %.10g", type_names[k->type], k->min, k->max);
	} else if (k->type == NC_CONFIG_T_ENUM) {
		for (size_t i = 0; k->choices[i]; i++)
			nc_buf_printf(out, "%s%s", i ? ", " : "", k->choices[i]);
	} else {
		nc_buf_puts(out, type_names[k->type]);
	}
}

static void put_default(nc_buf *out, const nc_config_key *k)
{
	int quoted = k->type == NC_CONFIG_T_STRING || k->type == NC_CONFIG_T_PATH ||
		     k->type == NC_CONFIG_T_MODE;

	nc_buf_printf(out, quoted ? "\"%s\"" : "%s", k->def);
}

/* A comment, broken between words. */
static void put_comment(nc_buf *out, size_t indent, const char *text)
{
	size_t room = COLUMNS - indent - 2;

	while (*text) {
		size_t n = strlen(text);
		if (n > room) {
			n = room;
			while (n > 1 && text[n] != ' ')
				n--;
		}
		nc_buf_printf(out, "%*s# %.*s\n", (int)indent, "", (int)n, text);
		text += n;
		text += strspn(text, " ");
	}
}

static void put_facts(nc_buf *out, size_t indent, const nc_config_key *k)
{
	char env[NC_CONFIG_ENV_MAX];

	nc_config_key_env(k, env);
	nc_buf_printf(out, "%*s# (", (int)indent, "");
	put_range(out, k);
	nc_buf_printf(out, "; changes count %s; %s", reload_names[k->reload], env);
	nc_buf_printf(out, k->env ? " or %s)\n" : ")\n", k->env);
}

void nc_config_generate(nc_buf *out)
{
	size_t n, len;
	const nc_config_key *keys = nc_config_keys(&n);
	const char *before = NULL;

	nc_buf_puts(out,
		"# NovaCron configuration: every key at its default. A file needs only the keys "
		"that differ;\n# later files override earlier ones, variables override files.\n");
	for (size_t i = 0; i < n; i++) {
		const nc_config_key *k = &keys[i];
		size_t depth = nc_config_depth(k->key);

		for (size_t d = nc_config_shared_depth(before, k->key); d < depth; d++) {
			const char *word = nc_config_word(k->key, d, &len);
			nc_buf_printf(out, "\n%*s%.*s:\n", (int)d * 2, "", (int)len, word);
		}
		put_comment(out, depth * 2, k->doc);
		if (k->later) {
			char text[96];
			snprintf(text, sizeof(text), "Checked now, in force when %s comes.",
				k->later);
			put_comment(out, depth * 2, text);
		}
		put_facts(out, depth * 2, k);
		nc_buf_printf(
			out, "%*s%s: ", (int)depth * 2, "", nc_config_word(k->key, depth, &len));
		put_default(out, k);
		nc_buf_putc(out, '\n');
		before = k->key;
	}
}

void nc_config_docs(nc_buf *out)
{
	size_t n;
	const nc_config_key *keys = nc_config_keys(&n);

	nc_buf_puts(out, "| key | default | takes | changes count | variable | meaning |\n"
			 "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < n; i++) {
		const nc_config_key *k = &keys[i];
		char env[NC_CONFIG_ENV_MAX];

		nc_config_key_env(k, env);
		nc_buf_printf(out, "| `%s` | `", k->key);
		put_default(out, k);
		nc_buf_puts(out, "` | ");
		put_range(out, k);
		nc_buf_printf(out, " | %s | `%s`", reload_names[k->reload], env);
		if (k->env)
			nc_buf_printf(out, ", `%s`", k->env);
		nc_buf_printf(out, " | %s", k->doc);
		if (k->later)
			nc_buf_printf(out, " Checked now, in force when %s comes.", k->later);
		nc_buf_puts(out, k->secret ? " Secret: never shown. |\n" : " |\n");
	}
}
