# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What the scripts share. Sourced, never run; the caller has set -euo pipefail.

NC_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
NC_HOME=${NOVACRON_HOME:-$NC_ROOT/.run}
NC_JOBS=${NC_JOBS:-$(nproc 2>/dev/null || echo 2)}

# The one list of Debian packages, by what they are needed for.
NC_PACKAGES_BUILD=(gcc libc6-dev cmake ninja-build pkg-config python3 libjansson-dev libyaml-dev
	libssl-dev libsqlite3-dev libcurl4-openssl-dev libltdl-dev libcunit1-dev
	libargon2-dev)
NC_PACKAGES_TEST=(ccache g++ make curl clang libclang-rt-14-dev clang-format clang-tidy shellcheck abigail-tools
	python3-jsonschema python3-websockets openssl)
NC_PACKAGES_BARE=(mmdebstrap debian-archive-keyring git)
NC_PACKAGES_DEB=(dpkg-dev file)

say() {
	printf '%s\n' "$*"
}

warn() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die MESSAGE [HINT]
die() {
	warn "$1"
	[[ -z ${2:-} ]] || printf '  %s\n' "$2" >&2
	exit 1
}

# make_private FOLDER…: with their parents, for this user alone.
make_private() {
	(umask 077 && mkdir -p "$@")
}

as_root() {
	if [[ $(id -u) == 0 ]]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root to run: $*" "run it as root, or install sudo"
	fi
}

# The packages among the arguments that are not installed, one a line.
missing_packages() {
	local installed name
	installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p') || true
	for name in "$@"; do
		grep -qxF "$name" <<<"$installed" || printf '%s\n' "$name"
	done
}

# need_packages NAME…: install what is missing; apt's lists are fetched only when they must be.
need_packages() {
	local -a missing
	command -v dpkg-query >/dev/null ||
		die "this is not a Debian system" "install what these packages hold: $*"
	mapfile -t missing < <(missing_packages "$@")
	[[ ${#missing[@]} == 0 ]] && return
	say "installing: ${missing[*]}"
	if ! apt-get install --simulate --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
		as_root apt-get update -q || die "apt-get update failed" "is there a network?"
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		"${missing[@]}" >/dev/null || die "could not install: ${missing[*]}"
}

# build PRESET [TARGET…]
build() {
	local preset=$1
	shift
	(
		cd "$NC_ROOT" || exit
		[[ -f build/$preset/build.ninja ]] || cmake --preset "$preset" >/dev/null
		cmake --build "build/$preset" -j "$NC_JOBS" ${1:+--target "$@"}
	)
}

# c_files FOLDER…: the C sources and headers below folders of the tree ('.': all), NUL-separated.
# Not by git: the tree may be a bare copy.
c_files() {
	(
		cd "$NC_ROOT" || exit
		find "$@" \( -name build -o -name .git -o -name .run \) -prune -o \
			-type f -name '*.[ch]' -print0 | sed -z 's,^\./,,' | sort -z
	)
}

# http_get SOCKET PATH: the body; fails unless the answer is 2xx.
http_get() {
	if command -v curl >/dev/null; then
		curl -sS --fail-with-body --max-time 5 --unix-socket "$1" "http://localhost$2"
	else
		python3 - "$1" "$2" <<'PYTHON'
import http.client, socket, sys
class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect(sys.argv[1])
try:
    c = Unix("localhost")
    c.request("GET", sys.argv[2])
    r = c.getresponse()
    sys.stdout.write(r.read().decode())
    sys.exit(0 if r.status < 300 else 1)
except OSError as e:
    sys.exit(f"{sys.argv[1]}: {e}")
PYTHON
	fi
}

# The daemon that `up` started, if it runs: its pid on stdout. A stale or foreign pid is no answer.
running_pid() {
	local pid exe
	[[ -r $NC_HOME/novacrond.pid ]] || return 1
	read -r pid <"$NC_HOME/novacrond.pid" || return 1
	[[ $pid =~ ^[0-9]+$ && -d /proc/$pid ]] || return 1
	exe=$(readlink "/proc/$pid/exe") || return 1
	[[ ${exe% (deleted)} == "$NC_ROOT/build/release/bin/novacrond" ]] || return 1
	tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF "$NC_HOME/config.yaml" || return 1
	printf '%s\n' "$pid"
}
