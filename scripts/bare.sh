# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A bare Debian 12 in a folder of its own, for scripts that must show that nothing of this machine
# is needed. Sourced after lib.sh; runs as root.

NC_BARE=

# make_bare: a minbase system at $NC_BARE, from the host's own package sources; it is removed when
# the script ends.
make_bare() {
	local -a sources=() options=()
	local f
	NC_BARE=$(mktemp -d -t novacron-bare.XXXXXX)
	chmod 0755 "$NC_BARE"
	trap remove_bare EXIT
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
		[[ -f $f ]] && grep -q '^[^#]*bookworm' "$f" && sources+=("$f")
	done
	[[ ${#sources[@]} != 0 ]] || die "no package source of this machine serves bookworm"
	# Proxies and the like; not the hooks of desktop packages.
	apt-config dump | grep -E '^Acquire::(http|https|Retries)\b' >"$NC_BARE.apt" || true
	[[ -s $NC_BARE.apt ]] && options+=("--aptopt=$NC_BARE.apt")
	say "making a bare system in $NC_BARE"
	mmdebstrap --quiet --mode=root --variant=minbase "${options[@]}" bookworm "$NC_BARE/root" \
		"${sources[@]}" || die "mmdebstrap failed"
	if [[ -s $NC_BARE.apt ]]; then
		cp "$NC_BARE.apt" "$NC_BARE/root/etc/apt/apt.conf.d/50host"
	fi
	cp --dereference /etc/resolv.conf "$NC_BARE/root/etc/resolv.conf"
	cp /etc/hosts "$NC_BARE/root/etc/hosts"
}

remove_bare() {
	local code=$?
	rm -f "$NC_BARE.apt"
	# Its mounts lived in a namespace of their own and are gone with it.
	rm -rf --one-file-system "$NC_BARE"
	exit "$code"
}

# in_bare SECONDS COMMAND…: run in the bare system, with its own /proc, /dev and /tmp. What it
# started ends with it.
in_bare() {
	local seconds=$1
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	timeout --kill-after=30 "$seconds" unshare --mount --pid --fork --kill-child bash -c '
		set -e
		root=$1
		shift
		mount --make-rprivate /
		mount -t proc proc "$root/proc"
		mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
		for d in null zero full random urandom tty; do
			touch "$root/dev/$d"
			mount --bind "/dev/$d" "$root/dev/$d"
		done
		mkdir "$root/dev/shm"
		mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
		mkdir "$root/dev/pts"
		mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
		ln -s pts/ptmx "$root/dev/ptmx"
		ln -s /proc/self/fd "$root/dev/fd"
		exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			LC_ALL=C.UTF-8 "$@"
	' bash "$NC_BARE/root" "$@"
}
