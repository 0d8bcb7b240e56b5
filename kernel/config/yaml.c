/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml's events into a tree, without recursion. libyaml allocates by itself and hands memory
 * trouble back as an error; the tests make its allocations fail with ours (wrap_yaml.c). Never
 * expands an alias: a few lines of YAML can otherwise stand for gigabytes.
 */
#include "config/yaml.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "config/report.h"

typedef struct builder {
	const char *source;
	nc_bytes text;
	nc_arena *arena;
	nc_config_report *report;
	nc_yaml_node *stack[NC_CONFIG_YAML_DEPTH];
	size_t depth, n_nodes;
	const char *key; /* read, its value is to come */
	uint32_t key_line, key_column;
	nc_yaml_node *root;
	bool has_document, is_done;
} builder;

static nc_config_at at_mark(const builder *b, const yaml_mark_t *m)
{
	return (nc_config_at){ .source = b->source,
		.line = (uint32_t)m->line + 1,
		.column = (uint32_t)m->column + 1 };
}

static nc_code fault(builder *b, const yaml_mark_t *m, const char *hint, const char *message)
{
	nc_config_at at = at_mark(b, m);

	nc_config_fault(b->report, &at, hint, "%s", message);
	return NC_E_INVAL;
}

/* Line and column, in characters, of a byte. */
static void find_place(nc_bytes text, size_t offset, nc_config_at *at)
{
	const char *p = text.ptr, *end = p + NC_MIN(offset, text.len);

	at->line = at->column = 1;
	for (; p < end; p++) {
		if (*p == '\n') {
			at->line++;
			at->column = 1;
		} else if (((unsigned char)*p & 0xc0) != 0x80) {
			at->column++;
		}
	}
}

/* What isn't text: libyaml tells the byte. Of UTF-16 no line can be told that way. */
static nc_code encoding_fault(builder *b, const yaml_parser_t *p)
{
	nc_config_at at = { .source = b->source };
	char what[24] = "";

	if (p->encoding == YAML_UTF8_ENCODING)
		find_place(b->text, p->problem_offset, &at);
	if (p->problem_value >= 0)
		snprintf(what, sizeof(what), ": 0x%02x", (unsigned)p->problem_value);
	return nc_config_fault(b->report, &at,
		"take that character out, and save the file as UTF-8", "not valid YAML: %s%s",
		p->problem ? p->problem : "it is not text", what);
}

static nc_code syntax_fault(builder *b, const yaml_parser_t *p)
{
	nc_config_at at = at_mark(b, &p->problem_mark);
	const char *problem = p->problem ? p->problem : "cannot be read";
	const char *hint = "check indentation and quotes on this line and the one before";

	if (p->error == YAML_MEMORY_ERROR)
		return NC_E_NOMEM;
	if (p->error == YAML_READER_ERROR)
		return encoding_fault(b, p);
	if (strstr(problem, "cannot start any token"))
		hint = "indent with spaces, and quote a value that starts with a special character";
	return nc_config_fault(b->report, &at, hint, "not valid YAML: %s%s%s", problem,
		p->context ? ", " : "", p->context ? p->context : "");
}

static bool is_key_due(const builder *b)
{
	return b->depth && b->stack[b->depth - 1]->kind == NC_YAML_MAP && !b->key;
}

/* A new node in its place in the tree. */
static nc_code add_node(builder *b, nc_yaml_kind kind, const yaml_mark_t *m, nc_yaml_node **ret)
{
	nc_yaml_node *up = b->depth ? b->stack[b->depth - 1] : NULL;
	nc_yaml_node *n = NULL;

	if (is_key_due(b))
		return fault(b, m, NULL, "a key must be a word, not a list or a map");
	if (++b->n_nodes > NC_CONFIG_YAML_NODES)
		return fault(b, m, NULL, "too many values for a configuration");
	n = nc_arena_alloc(b->arena, sizeof(*n));
	if (!n)
		return NC_E_NOMEM;
	n->kind = kind;
	n->line = (uint32_t)m->line + 1;
	n->column = (uint32_t)m->column + 1;
	n->key = nc_steal(&b->key);
	n->key_line = b->key_line;
	n->key_column = b->key_column;
	if (!up) {
		b->root = n;
	} else {
		if (up->last)
			up->last->next = n;
		else
			up->first = n;
		up->last = n;
		up->n++;
	}
	*ret = n;
	return NC_OK;
}

static nc_code add_container(builder *b, nc_yaml_kind kind, const yaml_event_t *e,
	const yaml_char_t *anchor, const yaml_char_t *tag)
{
	nc_yaml_node *n = NULL;
	nc_code code;

	if (anchor || tag)
		return fault(b, &e->start_mark, "write the value out",
			"anchors and tags are not taken in a configuration");
	if (b->depth == NC_CONFIG_YAML_DEPTH)
		return fault(b, &e->start_mark, NULL, "nested too deep for a configuration");
	code = add_node(b, kind, &e->start_mark, &n);
	if (code)
		return code;
	b->stack[b->depth++] = n;
	return NC_OK;
}

/* A key of the open map. One that is there already is a fault, but reading goes on. */
static nc_code take_key(builder *b, const yaml_mark_t *m, const char *key)
{
	const nc_yaml_node *map = b->stack[b->depth - 1];
	nc_config_at at = at_mark(b, m);

	if (map->n >= NC_CONFIG_YAML_KEYS)
		return fault(b, m, NULL, "too many keys in one map");
	for (const nc_yaml_node *o = map->first; o; o = o->next) {
		if (strcmp(o->key, key) != 0)
			continue;
		nc_config_fault(b->report, &at, "keep one of the two",
			"\"%.60s\" is set twice, first on line %u", key, o->key_line);
		break;
	}
	b->key = key;
	b->key_line = at.line;
	b->key_column = at.column;
	return NC_OK;
}

static nc_code add_scalar(builder *b, const yaml_event_t *e)
{
	const yaml_mark_t *m = &e->start_mark;
	const char *text = (const char *)e->data.scalar.value;
	nc_yaml_node *n = NULL;
	nc_code code;
	char *copy;

	if (e->data.scalar.anchor || e->data.scalar.tag)
		return fault(b, m, "write the value out",
			"anchors and tags are not taken in a configuration");
	if (memchr(text, 0, e->data.scalar.length))
		return fault(b, m, NULL, "a value holds a NUL character");
	copy = nc_arena_strndup(b->arena, text, e->data.scalar.length);
	if (!copy)
		return NC_E_NOMEM;
	if (is_key_due(b))
		return take_key(b, m, copy);
	code = add_node(b, NC_YAML_SCALAR, m, &n);
	if (code)
		return code;
	n->text = copy;
	n->is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return NC_OK;
}

static nc_code take_event(builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->has_document)
			return fault(b, &e->start_mark, "give further files with --config",
				"a second document in one file");
		b->has_document = true;
		return NC_OK;
	case YAML_ALIAS_EVENT:
		return fault(b, &e->start_mark, "write the value out",
			"aliases are not taken in a configuration");
	case YAML_SCALAR_EVENT:
		return add_scalar(b, e);
	case YAML_SEQUENCE_START_EVENT:
		return add_container(b, NC_YAML_SEQ, e, e->data.sequence_start.anchor,
			e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return add_container(
			b, NC_YAML_MAP, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return NC_OK;
	case YAML_STREAM_END_EVENT:
		b->is_done = true;
		return NC_OK;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return NC_OK;
	}
	return NC_OK;
}

static nc_code build(builder *b, yaml_parser_t *parser)
{
	while (!b->is_done) {
		yaml_event_t event;
		nc_code code;

		if (!yaml_parser_parse(parser, &event))
			return syntax_fault(b, parser);
		code = take_event(b, &event);
		yaml_event_delete(&event);
		if (code)
			return code;
	}
	return NC_OK;
}

nc_code nc_config_yaml_parse(nc_bytes text, const char *source, nc_arena *arena,
	nc_config_report *report, nc_yaml_node **ret)
{
	builder b = { .source = source, .text = text, .arena = arena, .report = report };
	yaml_parser_t parser;
	nc_code code;

	if (!yaml_parser_initialize(&parser))
		return NC_E_NOMEM;
	yaml_parser_set_input_string(&parser, text.ptr, text.len);
	code = build(&b, &parser);
	yaml_parser_delete(&parser);
	if (code)
		return code;
	*ret = b.root;
	return NC_OK;
}

bool nc_yaml_is_null(const nc_yaml_node *n)
{
	return n->kind == NC_YAML_SCALAR && n->is_plain &&
	       (!n->text[0] || !strcmp(n->text, "~") || !strcasecmp(n->text, "null"));
}
