/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "novacron/plugin.h"

/*
 * A reader of the dynamic segment, since that is what the loader goes by; section headers may lie.
 * Everything is hostile: each table is found through one bounds-checked function and copied out by
 * memcpy. Read-only, no state, any thread.
 */

#define SEGMENTS_MAX 64 /* each look-up walks them all */

typedef struct elf_file {
	const unsigned char *p;
	size_t len;
	Elf64_Ehdr eh;
	uint64_t symtab, strtab, strsz, hash, gnu_hash; /* addresses, 0 = none */
} elf_file;

/* n bytes at an offset, or NULL. */
static const void *at_offset(const elf_file *f, uint64_t off, uint64_t n)
{
	return off <= f->len && n <= f->len - off ? f->p + off : NULL;
}

static int read_segment(const elf_file *f, unsigned i, Elf64_Phdr *ret)
{
	const void *p = at_offset(f, f->eh.e_phoff + (uint64_t)i * sizeof(*ret), sizeof(*ret));
	if (!p)
		return 0;
	memcpy(ret, p, sizeof(*ret));
	return 1;
}

/* n bytes at an address as the loader would map it, or NULL. */
static const void *at_address(const elf_file *f, uint64_t addr, uint64_t n)
{
	Elf64_Phdr ph;
	for (unsigned i = 0; i < f->eh.e_phnum && read_segment(f, i, &ph); i++) {
		if (ph.p_type != PT_LOAD || addr < ph.p_vaddr || addr - ph.p_vaddr >= ph.p_filesz)
			continue;
		uint64_t within = addr - ph.p_vaddr;
		if (n > ph.p_filesz - within || ph.p_offset > f->len)
			return NULL;
		return at_offset(f, ph.p_offset + within, n);
	}
	return NULL;
}

static int u32_at(const elf_file *f, uint64_t addr, uint32_t *ret)
{
	const void *p = at_address(f, addr, sizeof(*ret));
	if (p)
		memcpy(ret, p, sizeof(*ret));
	return p != NULL;
}

static nc_code read_header(elf_file *f, nc_error *err)
{
	const Elf64_Ehdr *eh = at_offset(f, 0, sizeof(*eh));
	if (eh)
		memcpy(&f->eh, eh, sizeof(f->eh));
	if (!eh || memcmp(f->eh.e_ident, ELFMAG, SELFMAG) != 0 ||
		f->eh.e_ident[EI_CLASS] != ELFCLASS64 || f->eh.e_ident[EI_DATA] != ELFDATA2LSB ||
		f->eh.e_type != ET_DYN || f->eh.e_phentsize != sizeof(Elf64_Phdr) ||
		f->eh.e_phnum > SEGMENTS_MAX)
		return nc_err(err, NC_E_PROTO, "not a 64-bit ELF shared object");
	return NC_OK;
}

static void read_dynamic(elf_file *f, const Elf64_Phdr *ph)
{
	Elf64_Dyn d;
	for (uint64_t off = 0; off + sizeof(d) <= ph->p_filesz; off += sizeof(d)) {
		const void *p =
			ph->p_offset <= f->len ? at_offset(f, ph->p_offset + off, sizeof(d)) : NULL;
		if (!p)
			return;
		memcpy(&d, p, sizeof(d));
		if (d.d_tag == DT_NULL)
			return;
		uint64_t *place = d.d_tag == DT_SYMTAB     ? &f->symtab
				  : d.d_tag == DT_STRTAB   ? &f->strtab
				  : d.d_tag == DT_STRSZ    ? &f->strsz
				  : d.d_tag == DT_HASH     ? &f->hash
				  : d.d_tag == DT_GNU_HASH ? &f->gnu_hash
							   : NULL;
		if (place)
			*place = d.d_un.d_val;
	}
}

/* The GNU hash has no count: it is one past the end of the chain of the highest bucket. */
static int count_by_gnu_hash(const elf_file *f, uint32_t *ret)
{
	uint32_t head[4]; /* buckets, first symbol, bloom words, shift */
	for (unsigned i = 0; i < NC_LEN(head); i++)
		if (!u32_at(f, f->gnu_hash + 4 * i, &head[i]))
			return 0;
	uint64_t buckets = f->gnu_hash + 16 + 8 * (uint64_t)head[2];
	uint64_t chains = buckets + 4 * (uint64_t)head[0];
	uint32_t highest = 0, link = 0;
	for (uint32_t i = 0, b; i < head[0]; i++) {
		if (!u32_at(f, buckets + 4 * (uint64_t)i, &b))
			return 0;
		highest = NC_MAX(highest, b);
	}
	if (highest < head[1]) {
		*ret = head[1];
		return 1;
	}
	do
		if (!u32_at(f, chains + 4 * (uint64_t)(highest++ - head[1]), &link))
			return 0;
	while (!(link & 1));
	*ret = highest;
	return 1;
}

static int count_symbols(const elf_file *f, uint32_t *ret)
{
	if (f->gnu_hash)
		return count_by_gnu_hash(f, ret);
	return f->hash && u32_at(f, f->hash + 4, ret);
}

static int is_exported(const Elf64_Sym *s)
{
	unsigned bind = ELF64_ST_BIND(s->st_info), seen = ELF64_ST_VISIBILITY(s->st_other);
	return s->st_shndx != SHN_UNDEF && bind != STB_LOCAL &&
	       (seen == STV_DEFAULT || seen == STV_PROTECTED);
}

/* What the tool chain itself puts there; sanitizers and coverage only where we are built so too. */
static int is_of_toolchain(const char *name)
{
	static const char *const exact[] = { "_init", "_fini", "__bss_start", "_edata", "_end" };
	static const char *const instrumented[] = { "__asan", "__odr_asan", "__ubsan", "__tsan",
		"__sanitizer", "__sancov", "__start___sancov", "__stop___sancov", "__gcov",
		"__llvm", "__start_asan", "__stop_asan" };
	for (size_t i = 0; i < NC_LEN(exact); i++)
		if (strcmp(name, exact[i]) == 0)
			return 1;
	for (size_t i = 0; NC_SANITIZED && i < NC_LEN(instrumented); i++)
		if (strncmp(name, instrumented[i], strlen(instrumented[i])) == 0)
			return 1;
	return 0;
}

static void note_symbol(nc_elf_exports *e, const char *name)
{
	static const char entry[] = "nc_plugin_entry_v";
	if (strcmp(name, NC_ENTRY_SYMBOL) == 0)
		e->has_v1 = 1;
	const char *rest =
		strncmp(name, entry, sizeof(entry) - 1) == 0 ? name + sizeof(entry) - 1 : "";
	int is_entry = *rest && strspn(rest, "0123456789") == strlen(rest);
	if (is_entry || is_of_toolchain(name))
		return;
	size_t used = strlen(e->extra_names);
	if (used + strlen(name) + 3 < sizeof(e->extra_names))
		snprintf(e->extra_names + used, sizeof(e->extra_names) - used, "%s%s",
			used ? ", " : "", name);
	e->n_extra++;
}

static nc_code read_symbols(const elf_file *f, nc_elf_exports *e, nc_error *err)
{
	uint32_t n;
	const char *names = at_address(f, f->strtab, f->strsz);
	if (!f->symtab || !names || f->strsz == 0 || names[f->strsz - 1] != 0 ||
		!count_symbols(f, &n))
		return nc_err(err, NC_E_PROTO, "its dynamic symbols can't be read");
	for (uint32_t i = 1; i < n; i++) {
		Elf64_Sym s;
		const void *p = at_address(f, f->symtab + (uint64_t)i * sizeof(s), sizeof(s));
		if (!p)
			return nc_err(err, NC_E_PROTO, "its dynamic symbols end early");
		memcpy(&s, p, sizeof(s));
		if (is_exported(&s) && s.st_name < f->strsz)
			note_symbol(e, names + s.st_name);
	}
	return NC_OK;
}

nc_code nc_elf_read_exports(nc_bytes image, nc_elf_exports *ret, nc_error *err)
{
	elf_file f = { .p = image.ptr, .len = image.len };
	Elf64_Phdr ph;
	memset(ret, 0, sizeof(*ret));
	nc_code rc = read_header(&f, err);
	if (rc != NC_OK)
		return rc;
	for (unsigned i = 0; i < f.eh.e_phnum && read_segment(&f, i, &ph); i++)
		if (ph.p_type == PT_DYNAMIC)
			read_dynamic(&f, &ph);
	return read_symbols(&f, ret, err);
}
