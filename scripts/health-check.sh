#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Print the daemon's health; exit 0 only when it answers and is healthy.
# usage: scripts/health-check.sh [SOCKET]
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# The one named; the one in the environment; the one `up` made; the one of the package.
find_socket() {
	local own='' s
	if [[ -r $NC_HOME/env ]]; then
		own=$(sed -n "s/^export NOVACRON_SOCKET='\(.*\)'$/\1/p" "$NC_HOME/env")
	fi
	for s in "${1:-${NOVACRON_SOCKET:-}}" "$own" /run/novacron/api.sock; do
		[[ -n $s ]] || continue
		# What was named is not looked past.
		if [[ -S $s || $s == "${1:-${NOVACRON_SOCKET:-}}" ]]; then
			printf '%s\n' "$s"
			return
		fi
	done
	printf '%s\n' "${own:-/run/novacron/api.sock}"
}

socket=$(find_socket "$@")
[[ -S $socket ]] || die "there is no socket at $socket" "is the daemon running? scripts/up starts one"
http_get "$socket" /health || die "the daemon at $socket is not healthy"
printf '\n'
