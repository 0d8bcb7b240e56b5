/* SPDX-License-Identifier: Apache-2.0 */
/* completion SHELL: a script that asks this program what could come next. */
#include <string.h>

#include "cli/cmd/all.h"
#include "cli/complete.h"
#include "cli/output.h"

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

static const char bash[] = "# bash completion for novacron\n"
			   "_novacron() {\n"
			   "\tlocal IFS=$'\\n'\n"
			   "\tCOMPREPLY=($(novacron " NC_COMPLETE_WORD
			   " \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null | cut -f1))\n"
			   "}\n"
			   "complete -o default -F _novacron novacron\n";

static const char zsh[] = "#compdef novacron\n"
			  "_novacron() {\n"
			  "\tlocal -a lines\n"
			  "\tlines=(${(f)\"$(novacron " NC_COMPLETE_WORD
			  " ${words[2,CURRENT]} 2>/dev/null | sed 's/:/\\\\:/g; s/\\t/:/')\"})\n"
			  "\tif (( ${#lines} )); then _describe novacron lines; else _files; fi\n"
			  "}\n"
			  "if [ \"$funcstack[1]\" = _novacron ]; then _novacron; else compdef "
			  "_novacron novacron; fi\n";

static const char fish[] = "# fish completion for novacron\n"
			   "function __novacron\n"
			   "\tset -l words (commandline -opc) (commandline -ct)\n"
			   "\tnovacron " NC_COMPLETE_WORD " $words[2..-1] 2>/dev/null\n"
			   "end\n"
			   "complete -c novacron -a '(__novacron)'\n";

static nc_code run(nc_cli *c, nc_error *err)
{
	const char *shell = c->args.words[0];
	const char *text = !strcmp(shell, "zsh") ? zsh : !strcmp(shell, "fish") ? fish : bash;

	return nc_print_text(nc_str(text), err);
}

const nc_cmd nc_cmd_completion = {
	.path = "completion",
	.doc = "a completion script for your shell (offline)",
	.more = "bash: . <(novacron completion bash)\n"
		"zsh:  novacron completion zsh > \"${fpath[1]}/_novacron\"\n"
		"fish: novacron completion fish > ~/.config/fish/completions/novacron.fish",
	.args = { { .name = "SHELL", .choices = shells } },
	.run = run,
};
