#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Make the key file under which secrets are sealed, before the first start (the daemon makes one
# itself where there is none). An existing file is never touched.
# usage: scripts/generate-secrets.sh [FILE]      default: /var/lib/novacron/master.key
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

file=${1:-/var/lib/novacron/master.key}
[[ ! -e $file ]] || die "$file is there already" "rotate it with \`novacron state rotate-key\`"
[[ -d ${file%/*} || $file != */* ]] || die "there is no folder ${file%/*}"
(
	umask 077
	# Written beside and renamed without replacing: half a key must never be found.
	head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$file.new.$$"
	printf '\n' >>"$file.new.$$"
	sync "$file.new.$$"
	ln "$file.new.$$" "$file"
	rm -f "$file.new.$$"
)
if [[ $(id -u) == 0 ]] && getent passwd novacron >/dev/null; then
	chown novacron:novacron "$file"
fi
say "made $file; keep a copy apart from the backups, which are of no use without it"
