/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value from a document into one typed field: a reader per type, chosen by a table. Runs
 * while a snapshot is built, on the loading thread. A reader never writes a field it has refused.
 */
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"

nc_code nc_config_bad(const nc_config_input *in, const char *hint, const char *fmt, ...)
{
	const char *value = in->node->kind == NC_YAML_SCALAR ? in->node->text : NULL;
	nc_config_at at = { .source = in->load->source,
		.line = in->node->line,
		.column = in->node->column,
		.key = in->name,
		.value = value,
		.secret = in->key->secret };
	char what[240];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (value && in->key->secret)
		return nc_config_fault(in->load->report, &at, hint, "the value (secret) %s", what);
	if (value)
		return nc_config_fault(in->load->report, &at, hint, "\"%.60s\" %s", value, what);
	return nc_config_fault(in->load->report, &at, hint, "the value %s", what);
}

int nc_config_parse_int(const char *s, int64_t *ret)
{
	const char *digits = s + (*s == '-');
	char *end;
	long long v;

	if (!isdigit((unsigned char)*digits) || (digits[0] == '0' && digits[1]))
		return -1;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (*end || errno)
		return -1;
	*ret = v;
	return 0;
}

void nc_config_duration_format(int64_t us, char out[NC_CONFIG_DURATION_MAX])
{
	static const struct {
		int64_t us;
		const char *unit;
	} units[] = { { 86400000000, "d" }, { 3600000000, "h" }, { 60000000, "m" },
		{ 1000000, "s" }, { 1000, "ms" }, { 1, "us" } };
	size_t i = us ? 0 : 3; /* nothing is "0s" */

	while (us % units[i].us)
		i++;
	snprintf(out, NC_CONFIG_DURATION_MAX, "%" PRId64 "%s", us / units[i].us, units[i].unit);
}

bool nc_config_is_word(const char *s, size_t max_len)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n && n <= max_len && !s[n] && isalnum((unsigned char)s[0]);
}

nc_code nc_config_read_choice(const nc_config_input *in, const char *const *choices, uint32_t *ret)
{
	char list[160] = "", hint[320];
	const char *near;
	uint32_t n = 0;

	for (; choices[n]; n++) {
		size_t used = strlen(list);
		if (!strcasecmp(in->node->text, choices[n])) {
			*ret = n;
			return NC_OK;
		}
		snprintf(list + used, sizeof(list) - used, "%s%s", n ? ", " : "", choices[n]);
	}
	near = nc_did_you_mean(in->node->text, choices, n);
	snprintf(hint, sizeof(hint), near ? "did you mean %s?" : "choose one of them", near);
	return nc_config_bad(in, hint, "is not one of %s", list);
}

static nc_code read_enum(const nc_config_input *in, void *slot)
{
	uint32_t index = 0;
	nc_code code = nc_config_read_choice(in, in->key->choices, &index);

	if (!code)
		memcpy(slot, &index, sizeof(index));
	return code;
}

static nc_code read_bool(const nc_config_input *in, void *slot)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on", NULL };

	for (size_t i = 0; words[i]; i++) {
		if (!strcasecmp(in->node->text, words[i])) {
			*(bool *)slot = i & 1;
			return NC_OK;
		}
	}
	return nc_config_bad(in, "write true or false", "is neither true nor false");
}

static nc_code read_int(const nc_config_input *in, void *slot)
{
	const nc_config_key *k = in->key;
	char hint[96];
	int64_t v;

	snprintf(hint, sizeof(hint), "write a whole number from %.0f to %.0f", k->min, k->max);
	if (nc_config_parse_int(in->node->text, &v))
		return nc_config_bad(in, hint, "is not a whole number");
	if ((double)v < k->min || (double)v > k->max)
		return nc_config_bad(in, hint, "is not between %.0f and %.0f", k->min, k->max);
	*(int64_t *)slot = v;
	return NC_OK;
}

/* digits[.digits]; by hand, because strtod would follow the locale and take "inf" and "0x1p3". */
static int parse_ratio(const char *s, double *ret)
{
	double v = 0, scale = 1;
	size_t digits = 0;

	for (; isdigit((unsigned char)*s); s++, digits++)
		v = v * 10 + (*s - '0');
	if (*s == '.') {
		for (s++; isdigit((unsigned char)*s); s++, digits++) {
			v = v * 10 + (*s - '0');
			scale *= 10;
		}
	}
	if (*s || !digits || digits > 15)
		return -1;
	*ret = v / scale;
	return 0;
}

static nc_code read_ratio(const nc_config_input *in, void *slot)
{
	const nc_config_key *k = in->key;
	char hint[96];
	double v;

	snprintf(hint, sizeof(hint), "write a number from %g to %g, such as 1.5", k->min, k->max);
	if (parse_ratio(in->node->text, &v))
		return nc_config_bad(in, hint, "is not a number");
	if (v < k->min || v > k->max)
		return nc_config_bad(in, hint, "is not between %g and %g", k->min, k->max);
	*(double *)slot = v;
	return NC_OK;
}

static nc_code read_duration(const nc_config_input *in, void *slot)
{
	const nc_config_key *k = in->key;
	char lo[NC_CONFIG_DURATION_MAX], hi[NC_CONFIG_DURATION_MAX], hint[128];
	int64_t us;

	nc_config_duration_format((int64_t)k->min, lo);
	nc_config_duration_format((int64_t)k->max, hi);
	snprintf(hint, sizeof(hint), "write a time from %s to %s with a unit: ms, s, m, h or d", lo,
		hi);
	if (nc_duration_parse(in->node->text, &us))
		return nc_config_bad(in, hint, "is not a length of time");
	if ((double)us < k->min || (double)us > k->max)
		return nc_config_bad(in, hint, "is not between %s and %s", lo, hi);
	*(int64_t *)slot = us;
	return NC_OK;
}

static nc_code read_mode(const nc_config_input *in, void *slot)
{
	const char *s = in->node->text;
	size_t n = strspn(s, "01234567");
	uint32_t v = 0;

	if (!n || s[n] || n > 5)
		return nc_config_bad(in, "write octal digits, such as 0660", "is not a file mode");
	for (; *s; s++)
		v = v * 8 + (uint32_t)(*s - '0');
	if (v > (uint32_t)in->key->max)
		return nc_config_bad(in, "write octal digits, such as 0660", "has bits beyond %04o",
			(unsigned)in->key->max);
	*(uint32_t *)slot = v;
	return NC_OK;
}

static nc_code check_text(const nc_config_input *in, size_t min)
{
	size_t n = strlen(in->node->text);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)in->node->text[i];
		if (c < 0x20 || c == 0x7f)
			return nc_config_bad(in, NULL, "holds a control character");
	}
	if (n < min)
		return nc_config_bad(
			in, "set it, or take the line out for the default", "must not be empty");
	if (n > (size_t)in->key->max && in->key->type != NC_CONFIG_T_PATHS)
		return nc_config_bad(in, NULL, "is longer than %.0f bytes", in->key->max);
	return NC_OK;
}

static nc_code keep_text(const nc_config_input *in, void *slot)
{
	char *copy = nc_arena_strdup(in->load->snap->arena, in->node->text);

	if (!copy)
		return NC_E_NOMEM;
	memcpy(slot, &copy, sizeof(copy));
	return NC_OK;
}

static nc_code read_string(const nc_config_input *in, void *slot)
{
	nc_code code = check_text(in, (size_t)in->key->min);

	return code ? code : keep_text(in, slot);
}

nc_code nc_config_check_path(const nc_config_input *in)
{
	static const char *const roots[] = { "${system.data_dir}", "${system.run_dir}" };
	const char *s = in->node->text;
	nc_code code = check_text(in, 1);

	if (code || s[0] == '/')
		return code;
	for (size_t i = 0; i < NC_LEN(roots); i++) {
		size_t n = strlen(roots[i]);
		if (!strncmp(s, roots[i], n) && (s[n] == '/' || !s[n]) &&
			strncmp(in->key->key, roots[i] + 2, n - 3) != 0)
			return NC_OK;
	}
	return nc_config_bad(in, "start it with /, ${system.data_dir}/ or ${system.run_dir}/",
		"is not an absolute path");
}

static nc_code read_path(const nc_config_input *in, void *slot)
{
	nc_code code = NC_OK;

	if (in->node->text[0] || in->key->min > 0)
		code = nc_config_check_path(in);
	return code ? code : keep_text(in, slot);
}

static const struct {
	nc_yaml_kind kind;
	nc_code (*read)(const nc_config_input *in, void *slot);
	const char *expected, *hint;
} readers[] = {
	[NC_CONFIG_T_BOOL] = { NC_YAML_SCALAR, read_bool, "true or false", NULL },
	[NC_CONFIG_T_INT] = { NC_YAML_SCALAR, read_int, "a whole number", NULL },
	[NC_CONFIG_T_RATIO] = { NC_YAML_SCALAR, read_ratio, "a number", NULL },
	[NC_CONFIG_T_STRING] = { NC_YAML_SCALAR, read_string, "text", NULL },
	[NC_CONFIG_T_ENUM] = { NC_YAML_SCALAR, read_enum, "a word", NULL },
	[NC_CONFIG_T_DURATION] = { NC_YAML_SCALAR, read_duration, "a length of time", NULL },
	[NC_CONFIG_T_MODE] = { NC_YAML_SCALAR, read_mode, "a file mode", NULL },
	[NC_CONFIG_T_PATH] = { NC_YAML_SCALAR, read_path, "a path", NULL },
	[NC_CONFIG_T_PATHS] = { NC_YAML_SEQ, nc_config_read_paths, "a list",
		"write it as [/first/folder, /second/folder]" },
	[NC_CONFIG_T_PLUGINS] = { NC_YAML_SEQ, nc_config_read_plugins, "a list",
		"write it as [sim, \"kvm:process\"]" },
	[NC_CONFIG_T_UIDS] = { NC_YAML_SEQ, nc_config_read_uids, "a list",
		"write it as [\"1000:operator\"]" },
	[NC_CONFIG_T_MAP] = { NC_YAML_MAP, nc_config_read_map, "a map",
		"write it as {name: value}" },
};

nc_code nc_config_value_read(const nc_config_input *in, void *slot)
{
	if (in->node->kind != readers[in->key->type].kind)
		return nc_config_bad(in, readers[in->key->type].hint, "is not %s",
			readers[in->key->type].expected);
	return readers[in->key->type].read(in, slot);
}
