#!/bin/sh
# SPDX-License-Identifier: MIT
# On a terminal: what its keys do to usdtrap, and what they do not do to what is traced.
. "${top_srcdir:-.}/tests/live/lib.sh"
needs_attach

hot="usdt:$targets/busy:busy:hot"
count="$hot { @hits = count(); }"
loud="$hot { printf(\"%d 0123456789012345678901234567890123456789\\n\", arg0); }"

# Runs usdtrap in a terminal of its own: on_terminal ARGUMENT... <DIALOGUE. What it showed is in shown.
on_terminal() {
	"$helpers/terminal" "$usdtrap" "$@" >shown 9>&- || fail "$(cat shown)"
}

# A command for the dialogue: that process $pid has used processor time since the last time it was asked.
cat >runs_on.sh <<EOT
before=\$(cut -d ' ' -f 14 /proc/\$1/stat)
tries=0
until [ "\$(cut -d ' ' -f 14 /proc/\$1/stat)" -gt "\$before" ]; do
	tries=\$((tries + 1))
	[ \$tries -lt 200 ] || exit 1
	sleep 0.05
done
EOT

target busy

# Ctrl-C ends it with what was collected.
on_terminal -e "$count" -p "$pid" <<EOT
expect Attached 1 probe
run sleep 0.1
key C
expect @hits:
ends 0
EOT
untouched "$pid"

# Ctrl-Z stops the command and neither the target nor the tracing.
on_terminal -e "$count interval:ms:100 { printf(\"tick\\n\"); }" -p "$pid" <<EOT
expect Attached 2 probes
expect tick
key Z
stopped
expect tick
expect tick
run sh runs_on.sh $pid
continue
expect tick
key C
expect @hits:
ends 0
EOT
untouched "$pid"

# Ctrl-S stops the terminal: the target goes on as long as there is room in the queue, and leaving needs no Ctrl-Q.
on_terminal -e "$loud" -p "$pid" --queue 1G <<EOT
expect Attached 1 probe
key S
run sh runs_on.sh $pid
run sh runs_on.sh $pid
key C
run "$helpers/pristine" $pid || { sleep 1; "$helpers/pristine" $pid; }
key C
ends 1
EOT
untouched "$pid"

# The terminal goes away.
on_terminal -e "$count" -o trace.out -p "$pid" <<EOT
expect Attached 1 probe
run sleep 0.1
hang up
ends 0
EOT
untouched "$pid"
grep -q '^@hits: [1-9]' trace.out || fail "nothing was collected when the terminal went away"

tell stop
finish
[ "$status" -eq 0 ] || fail "the target ended with $status"

# A program of -c has the terminal: it reads what is typed, Ctrl-C is for it as well, Ctrl-Z stops it as any job.
on_terminal -e 'begin { printf("begun\n"); }' -c cat <<EOT
expect begun
type hello there
expect hello there
key Z
stopped
continue
type still here
expect still here
key D
ends 0
EOT
on_terminal -e 'end { printf("ended\n"); }' -c cat <<EOT
expect Attached 1 probe
type hello
expect hello
key C
expect ended
ends 0
EOT

# Traced, it is the same job: Ctrl-Z stops it, fg continues it, Ctrl-C ends it, and the script with it.
on_terminal -e "$count interval:ms:100 { printf(\"tick\\n\"); }" -c "$targets/busy" <<EOT
expect ready
expect tick
key Z
stopped
expect tick
expect tick
continue
expect tick
key C
expect @hits:
ends 0
EOT

# To attach many processes takes a while: it is told how far it is, and Ctrl-C ends it soon, with those that it has.
cp "$targets/hits" crowd_hits
mkfifo crowd.in
exec 8<>crowd.in
crowd=
while [ "$(echo "$crowd" | wc -w)" -lt 400 ]; do
	./crowd_hits 3 <crowd.in >crowd.out 2>&1 8>&- 9>&- &
	crowd="$crowd $!"
done
started="$started $crowd"
on_terminal -v --machine=poll -e "usdt:$work/crowd_hits:hits:tick { @hits = count(); } end { printf(\"ended\n\"); }" <<EOT
expect attaching:
key C
expect ended
ends 0
EOT
grep -q 'attaching: [0-9]* of [0-9]* processes, [0-9]* threads' shown || fail "no progress: $(cat shown)"
attached=$(sed -n 's/.*processes let go: \([0-9]*\);.*/\1/p' shown)
{ [ "$attached" -gt 0 ] && [ "$attached" -lt 400 ]; } || fail "of 400 processes: $(cat shown)"
for process in $crowd; do
	untouched "$process"
done
exec 8>&-
