#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Debian's packages without installing them: sourced, instead of lib.sh, by what
# makes kernels and the file system of the virtual machine.
#
#	debian_ready             makes the lists of packages of Debian 11 to 13 ready; fails where none are to be had
#	debian_version PACKAGE   the version of a package that would be taken, `name=version' with the name in front
#	debian_kernel VERSION    the name of the newest package of such a kernel, as 6.1
#	debian_fetch PACKAGE     the path of its .deb, downloaded into a folder that $scratch names
#
# It is apt-get with lists of its own, below $cache/apt, so that it works for an
# ordinary user and on a machine of another Debian release. From where is read
# from the machine's own lists: the archive that has Debian's main component.

. "${top_srcdir:-.}/tests/vm/lib.sh"

debian_lists=$cache/apt
# Of Debian 11 and 13 only kernels are taken. Lists are asked for again after so many days; a kernel is then built again if
# it has changed.
debian_releases='bullseye bookworm trixie'
debian_days=30

debian_apt() { # COMMAND [ARGUMENT...]
	command=$1
	shift
	"$command" -q -o Dir::Etc::sourcelist="$debian_lists/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$debian_lists/lists" -o Dir::Cache="$debian_lists/archives" \
		-o APT::Default-Release=bookworm "$@"
}

# Where this machine has Debian's packages from, and the keys it trusts in that.
debian_archive() {
	# shellcheck disable=SC2016 # $(NAME) is apt's own
	apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(CREATED_BY)' 'Origin: Debian' 2>/dev/null |
		awk '$2 == "main" && $3 == "Packages" && $1 !~ /security/ { print $1; exit }'
}

debian_ready() {
	ready=$debian_lists/ready-$(echo "$debian_releases" | tr ' ' -)
	if [ -n "$(find "$ready" -mtime -$debian_days 2>/dev/null)" ]; then
		return 0
	fi
	archive=$(debian_archive)
	[ -n "$archive" ] || return 1
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ ! -r $keys ] || signed="[signed-by=$keys] "
	mkdir -p "$debian_lists/lists/partial" "$debian_lists/archives/archives/partial"
	for release in $debian_releases; do
		echo "deb ${signed-}$archive $release main"
	done >"$debian_lists/sources.list"
	debian_apt apt-get update >"$debian_lists/log" 2>&1 || return 1
	rm -rf "$debian_lists/answers"
	touch "$ready"
}

# To ask takes seconds: apt-cache reads all lists each time. What it said is kept as long as they are.
debian_answer() { # NAME COMMAND [ARGUMENT...]
	answer=$debian_lists/answers/$1
	shift
	if [ ! -s "$answer" ]; then
		mkdir -p "$debian_lists/answers"
		"$@" >"$scratch/answer"
		mv "$scratch/answer" "$answer"
	fi
	cat "$answer"
}

debian_ask_version() { # PACKAGE
	debian_apt apt-cache show --no-all-versions "$1" 2>/dev/null | awk '$1 == "Version:" { print $2; exit }'
}

debian_version() {
	debian_answer "version-$1" debian_ask_version "$1"
}

debian_ask_kernel() { # VERSION
	debian_apt apt-cache search --names-only \
		"^linux-image-$(printf %s "$1" | sed 's/\./\\./')\.(0-[0-9]+|[0-9]+\+deb[0-9]+)-amd64\$" |
		awk '{ print $1 }' | sort -V | tail -n 1
}

debian_kernel() {
	debian_answer "kernel-$1" debian_ask_kernel "$1"
}

debian_fetch() {
	(cd "$scratch" && debian_apt apt-get download "$1" >"$scratch/download.log" 2>&1) || {
		cat "$scratch/download.log" >&2
		return 1
	}
	find "$scratch" -maxdepth 1 -name "${1%%=*}_*.deb"
}
