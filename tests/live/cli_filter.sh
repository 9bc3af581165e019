#!/bin/sh
# SPDX-License-Identifier: MIT
# --probe-filter: of what a script names only what matches is attached, counted and listed.
# covers: cli-probe-filter probe-missing-error
. "${top_srcdir:-.}/tests/live/lib.sh"

cp "$targets/busy" busy

# attaches REGEX PROGRAM [COMMAND] <EXPECTED: all that is printed, numbers of hits left out.
attaches() {
	status=0
	timeout 20 "$usdtrap" --probe-filter "$1" -e "$2" -c "${3:-./busy}" >said.out 2>said.err </dev/null || status=$?
	[ "$status" -eq 0 ] || fail "--probe-filter $1: status $status: $(cat said.err)"
	sed -n '/^Attached/p; /WARNING/p' said.err >said
	sed -n '/^@/s/: [0-9]*$//p' said.out >>said
	same - said
}

counting='BEGIN { } usdt:./busy:busy:* { @[probe] = count(); if (@[probe] > 500) { exit() } } interval:s:9 { exit() } END { }'
attaches ':hot$' "$counting" <<EOT
Attached 3 probes
@[usdt:./busy:busy:hot]
EOT
attaches 'hot|guarded' "$counting" <<EOT
Attached 4 probes
@[usdt:./busy:busy:guarded]
@[usdt:./busy:busy:hot]
EOT
# A part of the name is enough, and other probes than the target's have names as well.
attaches '^interval:ms' 'usdt:./busy:busy:* { } interval:ms:300 { @[probe] = count(); exit() }' 'sleep 20' <<EOT
Attached 1 probe
@[interval:ms:300]
EOT

# Functions that a wildcard means, and tracepoints.
cp "$targets/functions" functions
attaches ':(main|greeting)$' 'uprobe:./functions:* { @[probe] = count() }' ./functions <<EOT
Attached 2 probes
@[uprobe:./functions:greeting]
@[uprobe:./functions:main]
EOT
attaches 'sys_enter_(write|exit_group)$' 'tracepoint:syscalls:sys_* { @[probe] = count() }' ./functions <<EOT
Attached 2 probes
@[tracepoint:syscalls:sys_enter_exit_group]
@[tracepoint:syscalls:sys_enter_write]
EOT

# Nothing is left but begin and end: they run, and that is all.
status=0
"$usdtrap" --probe-filter nothing -e 'BEGIN { print("begun") } usdt:./busy:* { print(1) } END { print("ended") }' -p $$ \
	>said.out 2>said.err || status=$?
[ "$status" -eq 0 ] || fail "begin and end alone: status $status"
printf 'begun\nended\n\n\n' | same - said.out
echo 'Attached 2 probes' | same - said.err

# Nothing at all.
status=0
"$usdtrap" --probe-filter nothing -e 'usdt:./busy:* { print(1) } interval:s:1 { }' -p $$ >said.out 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "nothing to attach: status $status"
echo 'ERROR: No probes to attach' | same - said.err

# What does not exist is missing, filter or not.
status=0
"$usdtrap" --probe-filter nothing -e 'usdt:./busy:nowhere { }' -p $$ >said.out 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "a missing probe: status $status"
same - said.err <<'EOT'
stdin:1:1-20: ERROR: No matches for usdt ./busy:nowhere.
usdt:./busy:nowhere { }
~~~~~~~~~~~~~~~~~~~
HINT: ./busy: no USDT probe is called nowhere; it has busy:guarded and busy:hot
stdin:1:1-20: ERROR: Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.
usdt:./busy:nowhere { }
~~~~~~~~~~~~~~~~~~~
EOT

status=0
"$usdtrap" --probe-filter '(a' -e 'BEGIN { }' >said.out 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "a wrong expression: status $status"
same - said.err <<'EOT'
ERROR: Invalid probe filter "(a": Unmatched ( or \(
HINT: an extended regular expression is wanted: --probe-filter 'gc__(start|done)'
EOT

"$usdtrap" -l --probe-filter 'h.t' -e 'usdt:./busy:* { }' >said.out
echo 'usdt:./busy:busy:hot' | same - said.out
