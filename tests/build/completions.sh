#!/bin/sh
# SPDX-License-Identifier: MIT
# The completions for bash, zsh and fish. bash's function is run as bash would run it; fish's is asked
# for its answers and zsh's is read, where these shells are installed.
# shellcheck disable=SC2016 # what fish is to expand is in single quotes
set -eu
: "${top_srcdir:=.}" "${top_builddir:=.}"
top_srcdir=$(cd "$top_srcdir" && pwd)
top_builddir=$(cd "$top_builddir" && pwd)
command -v bash >/dev/null || { echo 'skipped: bash is not installed' && exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
cp "$top_builddir/tests/targets/busy" busy
mkdir folder
: >script.bt

cat >complete <<'EOT'
# complete LINE: what may stand at its end, a line each.
source "$top_srcdir/completions/usdtrap.bash"
COMP_LINE=$1
COMP_POINT=${#COMP_LINE}
COMP_WORDBREAKS=$' \t\n"'"'><=;|&(:"
_usdtrap "$top_builddir/usdtrap"
printf '%s\n' "${COMPREPLY[@]}"
EOT
export top_srcdir top_builddir

fail() {
	echo "failed: $*"
	exit 1
}

# offers LINE <EXPECTED, every line of it
offers() {
	sort >expected
	bash complete "$1" >said.raw 2>said.err
	sort -u said.raw >said.out
	[ ! -s said.err ] || fail "'$1' says $(cat said.err)"
	diff -u expected said.out || fail "'$1' completes to something else"
}

# includes LINE WORD...: among others
includes() {
	line=$1
	shift
	bash complete "$line" >said.out
	for word; do
		grep -qxF -e "$word" said.out || fail "'$line' does not complete to '$word': $(tr '\n' ' ' <said.out)"
	done
}

# Options, their values, commands.
offers 'usdtrap --quie' <<EOT
--quiet
EOT
offers 'usdtrap -q --ou' <<EOT
--output
EOT
includes 'usdtrap -' -e -p -l --pid --cmd --list --dry-run --probe-filter -V --version --test
"$top_builddir/usdtrap" -h | grep -oE -e '--[a-z]+(-[a-z]+)*' | sort -u >known
bash complete 'usdtrap --' | sort -u >offered
grep -vxF -f offered known >missing || true
[ ! -s missing ] || fail "not offered: $(tr '\n' ' ' <missing)"
offers 'usdtrap -f ' <<EOT
json
text
EOT
offers 'usdtrap -q -B f' <<EOT
full
EOT
offers 'usdtrap --mode=te' <<EOT
test
EOT
offers 'usdtrap li' <<EOT
list
EOT
includes 'usdtrap ' list help explain
includes 'usdtrap -p ' $$
includes 'usdtrap --pid=' $$
includes 'usdtrap -c prin' printf
offers 'usdtrap -I fol' <<EOT
folder
EOT

# Probes: their types, files, names. Behind a colon bash wants only what stands there, in quotes all.
offers 'usdtrap -l usd' <<EOT
usdt:
EOT
offers "usdtrap -l 'u" <<EOT
uprobe:
uretprobe:
usdt:
EOT
includes 'usdtrap -l usdt:./bu' ./busy:
includes "usdtrap -l 'usdt:./fol" usdt:./folder/
offers 'usdtrap -l usdt:./busy:' <<EOT
busy:guarded
busy:hot
guarded
hot
EOT
offers 'usdtrap list usdt:./busy:busy:h' <<EOT
hot
EOT
offers "usdtrap -e 'usdt:./busy:h" <<EOT
usdt:./busy:hot
EOT
offers "usdtrap -e \"BEGIN { print(1) } usdt:./busy:hot,usdt:./busy:g" <<EOT
BEGIN { print(1) } usdt:./busy:hot,usdt:./busy:guarded
EOT
offers 'usdtrap -l tracepoint:syscalls:sys_enter_nano' <<EOT
sys_enter_nanosleep
EOT
offers "usdtrap -e 'i:" <<EOT
i:hz:
i:ms:
i:s:
i:us:
EOT
# Commands: their own options; probes by name of a process; parts.
offers 'usdtrap explain --h' <<EOT
--help
--hits
--html
EOT
includes 'usdtrap inspect 1 ' maps threads stack regs probes symbols mem disas
includes 'usdtrap why usdt:./busy:b' busy:hot
offers 'usdtrap help to' <<EOT
top
EOT
# Nothing wrong with what is not there.
offers 'usdtrap -l usdt:./nothing:' <<EOT

EOT

# zsh completes only on a terminal: it gets one of its own, and what it would offer is written down.
cat >ask.zsh <<'EOT'
zmodload zsh/zpty
zpty terminal zsh -f -i
zpty -w terminal "PROMPT=; fpath=($top_srcdir/completions \$fpath); PATH=$top_builddir:\$PATH"
zpty -w terminal 'autoload -Uz compinit; compinit -u -D; compdef _usdtrap usdtrap; zmodload zsh/zutil'
zpty -w terminal 'compadd() {
	if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
		local -a hits
		builtin compadd -A hits "$@"
		[[ -z $hits ]] || print -rl -- $hits >>said.out
	fi
	builtin compadd "$@"
}'
zpty -w terminal ': >ready'
for i in {1..100}; do [[ -e ready ]] && break; sleep 0.05; done
zpty -w -n terminal "$1"$'\t'
for i in {1..100}; do [[ -s said.out ]] && break; sleep 0.05; done
sleep 0.2
zpty -d terminal
EOT
zsh_includes() {
	line=$1
	shift
	rm -f ready
	: >said.out
	zsh -f ask.zsh "$line" >zsh.out 2>&1
	for word; do
		grep -qxF -e "$word" said.out || fail "in zsh '$line' does not complete to '$word': $(cat said.out zsh.out)"
	done
}

if command -v zsh >/dev/null; then
	zsh -n "$top_srcdir/completions/_usdtrap" || fail 'zsh cannot read its completion'
	zsh_includes 'usdtrap --quie' --quiet
	zsh_includes 'usdtrap explain --pau' --pause
	zsh_includes 'usdtrap -l usdt:./busy:' usdt:./busy:busy:hot usdt:./busy:hot
	zsh_includes 'usdtrap inspect 1 st' stack
	zsh_includes 'usdtrap help to' top
else
	echo 'zsh is not installed: its completion is not looked at'
fi

# fish can be asked directly.
fish_includes() {
	line=$1
	shift
	PATH=$top_builddir:$PATH fish -c 'source $top_srcdir/completions/usdtrap.fish; complete -C $argv[1]' "$line" |
		sed 's/\t.*//' >said.out
	for word; do
		grep -qxF -e "$word" said.out || fail "in fish '$line' does not complete to '$word': $(cat said.out)"
	done
}

if command -v fish >/dev/null; then
	HOME=$work
	export HOME
	fish_includes 'usdtrap --quie' --quiet
	fish_includes 'usdtrap --pro' --probe-filter
	fish_includes 'usdtrap -f ' text json
	fish_includes 'usdtrap why --format ' text json
	fish_includes 'usdtrap li' list
	fish_includes 'usdtrap inspect 1 st' stack
	fish_includes 'usdtrap explain --pau' --pause
	fish_includes 'usdtrap help to' top
	# A command offers its own options only; and what its help shows elsewhere is no part.
	fish_includes 'usdtrap why -' -p --pid --format
	! grep -qxE -e '--dry-run|-B|-e|--mode' said.out || fail "in fish why has options of others: $(cat said.out)"
	fish_includes 'usdtrap inspect 1 ' maps
	! grep -qxF -e usdtrap said.out || fail "in fish inspect has a part called usdtrap"
	fish_includes 'usdtrap -l usd' usdt:
	fish_includes 'usdtrap -l usdt:./busy:' usdt:./busy:busy:hot usdt:./busy:hot
	fish_includes "usdtrap -e 'BEGIN { } usdt:./busy:g" 'BEGIN { } usdt:./busy:guarded'
else
	echo 'fish is not installed: its completion is not looked at'
fi
