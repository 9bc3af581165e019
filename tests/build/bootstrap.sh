#!/bin/sh
# SPDX-License-Identifier: MIT
# ./bootstrap on machines where everything is missing: each family of distributions is played by a fake package manager
# and a PATH of nothing but fakes. What they were asked to do is compared word by word.
set -eu
LC_ALL=C
export LC_ALL
: "${top_srcdir:=.}"
source=$(cd "$top_srcdir" && pwd)
unset CC

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log
bin=$scratch/bin
export scratch bin log

# A program that notes how it was called and then does what standard input says.
fake() { # NAME [FOLDER]
	{
		echo '#!/bin/sh'
		# shellcheck disable=SC2016 # for the fake to expand
		printf 'echo "%s${*:+ $*}" >>"$log"\n' "$1"
		cat
	} >"${2-$bin}/$1"
	chmod +x "${2-$bin}/$1"
}

# A machine with USER as the answer of `id -u' and nothing but what every system has.
machine() { # USER
	rm -rf "$bin" "$scratch/tree" "$scratch/installed" "$scratch/fresh" "$log"
	mkdir "$bin" "$scratch/tree" "$scratch/installed"
	cp "$source/bootstrap" "$scratch/tree"
	touch "$scratch/tree/configure.ac" "$scratch/tree/Makefile.am"
	for tool in cat chmod cp dirname echo env find mkdir rm sed sh touch; do
		ln -s "$(command -v "$tool")" "$bin/$tool"
	done
	printf '#!/bin/sh\necho %s\n' "$1" >"$bin/id"
	chmod +x "$bin/id"
	fake sudo <<-'END'
		"$@"
	END
	# What a package manager installs, in the end.
	for tool in autoconf automake cc libtoolize make; do
		fake "$tool" "$scratch/installed" </dev/null
	done
	fake autoreconf "$scratch/installed" <<-'END'
		touch Makefile.in
		{ echo '#!/bin/sh'; echo 'echo "configure${*:+ $*}" >>"$log"'; } >configure
		chmod +x configure
	END
}

# A package manager that can install.
manager() { # NAME: the condition under which it fails is read from standard input
	{
		cat
		# shellcheck disable=SC2016 # for the fake to expand
		echo 'case " $* " in *" install "* | *" add "* | *" -S "*) cp "$scratch/installed/"* "$bin" ;; esac'
	} >"$scratch/body"
	fake "$1" <"$scratch/body"
}

bootstrap() { # ARG...: from another folder, with nothing on standard input
	status=0
	(cd / && PATH="$scratch/bin" "$scratch/tree/bootstrap" "$@" </dev/null >"$scratch/said" 2>&1) || status=$?
}

expect() { # WHAT STATUS <the log
	if [ "$status" != "$2" ]; then
		echo "$1: ended with $status instead of $2 and said:"
		cat "$scratch/said"
		exit 1
	fi
	touch "$log"
	grep -v '^cc ' "$log" >"$scratch/found" || :
	diff -u - "$scratch/found" || {
		echo "$1: did not do what it should (- expected, + done), and said:"
		cat "$scratch/said"
		exit 1
	}
}

expect_said() { # LINE
	grep -qxF "$1" "$scratch/said" || {
		echo "it did not say: $1; but:"
		cat "$scratch/said"
		exit 1
	}
}

# The system's own python3, if there is one, cannot be hidden: it is named by its path.
python3=' python3' python=' python'
if [ -x /usr/bin/python3 ]; then
	python3='' python=''
fi
apt_packages="autoconf automake libtool make gcc libc6-dev linux-libc-dev libelf-dev libcapstone-dev liblzma-dev uthash-dev libcmocka-dev systemtap-sdt-dev$python3"
dnf_packages="autoconf automake libtool make gcc glibc-devel kernel-headers elfutils-libelf-devel capstone-devel xz-devel uthash-devel libcmocka-devel systemtap-sdt-devel$python3"
apk_packages="autoconf automake libtool make gcc musl-dev linux-headers elfutils-dev capstone-dev xz-dev uthash-dev cmocka-dev$python3"
pacman_packages="autoconf automake libtool make gcc glibc linux-api-headers libelf capstone xz uthash cmocka$python"
apt_install="apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends $apt_packages"

machine 0
manager apt-get </dev/null
fake apt-cache </dev/null
bootstrap --prefix=/opt/x
expect 'Debian, root' 0 <<END
apt-cache show $apt_packages
$apt_install
autoreconf -fi
configure --prefix=/opt/x
END
expect_said "bootstrap: env DEBIAN_FRONTEND=noninteractive $apt_install"

bootstrap
expect 'Debian, a second time' 0 <<END
apt-cache show $apt_packages
$apt_install
autoreconf -fi
configure --prefix=/opt/x
configure
END

machine 1000
manager apt-get </dev/null
fake apt-cache <<'END'
exit 100
END
bootstrap
expect 'Debian, an ordinary user, no lists of packages' 0 <<END
apt-cache show $apt_packages
sudo apt-get update
apt-get update
sudo env DEBIAN_FRONTEND=noninteractive $apt_install
$apt_install
autoreconf -fi
configure
END

machine 0
# shellcheck disable=SC2016 # for the fake to expand
echo 'case "$*" in update) touch "$scratch/fresh" ;; *) [ -e "$scratch/fresh" ] || exit 100 ;; esac' | manager apt-get
fake apt-cache </dev/null
bootstrap
expect 'Debian, lists of packages that are out of date' 0 <<END
apt-cache show $apt_packages
$apt_install
apt-get update
$apt_install
autoreconf -fi
configure
END

machine 1000
manager dnf </dev/null
bootstrap
expect 'Fedora' 0 <<END
sudo dnf install -y $dnf_packages
dnf install -y $dnf_packages
autoreconf -fi
configure
END

machine 0
manager apk </dev/null
bootstrap
expect 'Alpine' 0 <<END
apk add --no-cache $apk_packages
autoreconf -fi
configure
END
expect_said "bootstrap: sys/sdt.h has no package here; what needs it will be left out"

machine 1000
manager pacman </dev/null
bootstrap
expect 'Arch' 0 <<END
pacman -Si $pacman_packages
sudo pacman -S --needed --noconfirm $pacman_packages
pacman -S --needed --noconfirm $pacman_packages
autoreconf -fi
configure
END

machine 1000
manager dnf </dev/null
rm "$scratch/bin/sudo"
bootstrap
expect 'no sudo' 1 </dev/null
expect_said "bootstrap: there is no sudo here; as root, please run: dnf install -y $dnf_packages"

machine 0
bootstrap
expect 'no package manager' 1 </dev/null
expect_said "bootstrap: no apt-get, dnf, apk or pacman here: please install the above by hand, then run this again"

machine 0
fake dnf </dev/null
bootstrap
expect 'an installation that does not help' 1 <<END
dnf install -y $dnf_packages
END

machine 1000
manager apk </dev/null
bootstrap --print
expect 'only asked' 0 </dev/null
expect_said "sudo apk add --no-cache $apk_packages"
echo "every machine was made ready as it should be"
