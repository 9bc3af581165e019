#!/bin/sh
# SPDX-License-Identifier: MIT
# What -l prints, row by row; where bpftrace is installed, the same as it prints.
# covers: cli-list cli-list-verbose cli-list-file-name
# shellcheck disable=SC2016 # operands have dollar signs of their own
. "${top_srcdir:-.}/tests/live/lib.sh"

# lists STATUS ARGUMENT... <EXPECTED, which is all of standard output. What is on standard error is in said.err.
lists() {
	expected_status=$1
	shift
	cat >expected
	status=0
	"$usdtrap" "$@" >said.out 2>said.err </dev/null || status=$?
	same expected said.out
	[ "$status" -eq "$expected_status" ] || fail "usdtrap $*: status $status, not $expected_status: $(cat said.err)"
}

said() {
	same - said.err
}

cp "$targets/busy" busy
cat >rows <<EOT
usdt:$work/busy:busy:guarded
usdt:$work/busy:busy:hot
EOT
# However the file is named.
lists 0 -l "usdt:$work/busy:*" <rows
lists 0 -l "usdt:$work/busy:busy:*" <rows
lists 0 list "usdt:$work/busy:*" <rows
lists 0 -l "usdt:$work/busy" <rows
lists 0 -l "$work/busy" <rows
lists 0 -l "U:$work/b[u]sy:*:[gh]*" <rows
(
	PATH=$work:$PATH
	lists 0 -l 'usdt:busy:*' <rows
)
lists 0 -l "usdt:$work/busy:h*" <<EOT
usdt:$work/busy:busy:hot
EOT
# Several patterns, each in its place.
lists 0 -l "usdt:$work/busy:hot,usdt:$work/busy:guarded" "usdt:$work/busy:hot" <<EOT
usdt:$work/busy:busy:hot
usdt:$work/busy:busy:guarded
usdt:$work/busy:busy:hot
EOT

# With -v: each site, its semaphore, its arguments.
"$usdtrap" -lv "usdt:$work/busy:hot" >said.out
sed -i 's/0x[0-9a-f][0-9a-f]*/ADDRESS/g; s/^\(        arg. *[a-z0-9]* *\).*/\1PLACE/' said.out
same - said.out <<EOT
usdt:$work/busy:busy:hot
    site ADDRESS, semaphore ADDRESS
        arg0   uint64    PLACE
EOT

# Each place has its own arguments.
"$usdtrap" -lv "$targets/sites" | sed 's/0x[0-9a-f][0-9a-f]*/ADDRESS/' >said.out
grep -c 'site ADDRESS, no semaphore' said.out | grep -qx '[3-9]' || fail "the sites are missing: $(cat said.out)"
for type in int8 uint8 int16 int32 uint64; do
	grep -qE "^        arg[0-3]   $type +[^ ]" said.out || fail "no $type: $(cat said.out)"
done

# The same for programs: an object a line.
"$usdtrap" -lv -f json "usdt:$work/busy:hot" >said.out
sed -i 's/0x[0-9a-f][0-9a-f]*/ADDRESS/g; s/"place": "[^"]*"/"place": "PLACE"/' said.out
same - said.out <<EOT
{"probe": "usdt:$work/busy:busy:hot", "sites": [{"address": "ADDRESS", "semaphore": "ADDRESS", "arguments": [{"type": "uint64", "place": "PLACE"}]}]}
EOT
lists 0 list --format json "$work/busy" <<EOT
{"probe": "usdt:$work/busy:busy:guarded"}
{"probe": "usdt:$work/busy:busy:hot"}
EOT
lists 0 -lv -f json 't:raw_syscalls:sys_exit' <<EOT
{"probe": "tracepoint:raw_syscalls:sys_exit", "fields": [{"name": "id", "type": "long"}, {"name": "ret", "type": "long"}]}
EOT
"$usdtrap" -lv -f json "uprobe:$work/busy:main" | sed 's/0x[0-9a-f]*/ADDRESS/' >said.out
same - said.out <<EOT
{"probe": "uprobe:$work/busy:main", "sites": [{"address": "ADDRESS"}]}
EOT
lists 0 -l -f json -e "i:ms:5 { } uprobe:$work/busy:0x1234 { }" <<EOT
{"probe": "interval:ms:"}
{"probe": "uprobe:$work/busy:0x1234"}
EOT

# What a script would attach.
program="usdt:$work/busy:h*,usdt:$work/busy:guarded { } interval:s:1 { }"
cat >script.rows <<EOT
usdt:$work/busy:busy:hot
usdt:$work/busy:busy:guarded
interval:s:
EOT
lists 0 -l -e "$program" <script.rows
echo "$program" >script.bt
lists 0 -l script.bt <script.rows
lists 0 -l script.bt a b <script.rows

# Each type of probe in a script, as it would be attached; begin, end and self are not listed.
lists 0 -l -e "BEGIN { } i:ms:5 { } profile:hz:99, interval:2s { } t:raw_syscalls:* { } self:signal:SIGUSR1 { } END { }" <<EOT
interval:ms:
profile:hz:
interval:s:
tracepoint:raw_syscalls:sys_enter
tracepoint:raw_syscalls:sys_exit
EOT

# Types without a file.
lists 0 -l 'interval:*' <<EOT
interval:hz:
interval:ms:
interval:s:
interval:us:
EOT
lists 0 -l 'i:m*' <<EOT
interval:ms:
EOT
lists 0 -l 'p:s,i:s' <<EOT
profile:s:
interval:s:
EOT
lists 0 -lv 'tracepoint:syscalls:sys_enter_openat' <<EOT
tracepoint:syscalls:sys_enter_openat
    int __syscall_nr
    int dfd
    const char * filename
    int flags
    umode_t mode
EOT
lists 0 -lv 'tracepoint:raw_syscalls:*' <<EOT
tracepoint:raw_syscalls:sys_enter
    long id
    unsigned long args[6]
tracepoint:raw_syscalls:sys_exit
    long id
    long ret
EOT
# A name alone, and a type with wildcards.
lists 0 -l '*_nanosleep' <<EOT
tracepoint:syscalls:sys_enter_clock_nanosleep
tracepoint:syscalls:sys_enter_nanosleep
tracepoint:syscalls:sys_exit_clock_nanosleep
tracepoint:syscalls:sys_exit_nanosleep
EOT
lists 0 -l '*:syscalls:sys_enter_nanosleep' <<EOT
tracepoint:syscalls:sys_enter_nanosleep
EOT
"$usdtrap" -l >said.out
{ "$usdtrap" -l 'interval:*' && "$usdtrap" -l 'profile:*' && "$usdtrap" -l 'tracepoint:*'; } | same - said.out
[ "$(wc -l <said.out)" -gt 600 ] || fail "there are only $(wc -l <said.out) probes without a file"

# What cannot be listed says why.
lists 1 -l 'uprobe:*:main' </dev/null
said <<EOT
ERROR: whose functions?
HINT: name a file (uprobe:PATH:*) or a process with -p
EOT
lists 1 -l missing.bt </dev/null
said <<EOT
WARNING: It appears that 'missing.bt' is a filename but the file does not exist. Treating 'missing.bt' as a search pattern.
ERROR: no probes match 'missing.bt'
HINT: for usdt probes name a file (usdt:PATH:*) or a process with -p
EOT
lists 1 -l 'kprobe:*' </dev/null
said <<EOT
ERROR: usdtrap lists no kprobe probes
HINT: those of interval, profile, tracepoint, uprobe, uretprobe and usdt can be listed
EOT
lists 1 -l "usdt:$work/busy:busy:hto,usdt:$work/busy:guarded" <<EOT
usdt:$work/busy:busy:guarded
EOT
grep -q "did you mean busy:hot?" said.err || fail "no nearest name: $(cat said.err)"
lists 1 -l "usdt:$work/missing:*" </dev/null
grep -q "^ERROR: .*$work/missing.*No such file or directory$" said.err || fail "missing: $(cat said.err)"
lists 1 -l -e 'usdt:' </dev/null
grep -q '^stdin:1:6-7: ERROR: ' said.err || fail "a wrong script: $(cat said.err)"
status=0
"$usdtrap" -l "$work/busy" >/dev/full 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "a full disk: $status"
said <<EOT
ERROR: cannot write to standard output: No space left on device
EOT

"$usdtrap" -l "$work/busy" -o rows.out
same rows rows.out
lists 1 -l "$work/busy" -o missing/file </dev/null
said <<EOT
ERROR: cannot write to missing/file: No such file or directory
EOT

# A process: its program and its libraries. The process is not touched, so it may be anybody's child.
target linked
"$usdtrap" -l -p "$pid" | grep ^usdt: >said.out
grep -q ":libprobe:work$" said.out || fail "the library's probes are missing: $(cat said.out)"
"$usdtrap" -l 'usdt:*' -p "$pid" | same said.out -
exec 9>&-
wait "$pid" || true

# All processes: whatever they have mapped that this user may look at, each file once however many run it. Others come and
# go meanwhile, so their rows are left out.
cp "$targets/hits" .
target linked
./hits 3 <target.in >hits.out 2>&1 9>&- &
started="$started $!"
./hits 3 <target.in >again.out 2>&1 9>&- &
started="$started $!"
wait_for hits.out ready
wait_for again.out ready
"$usdtrap" -l "usdt:$work/hits:*" >expected
[ "$(wc -l <expected)" -gt 0 ] || fail "hits has no probes"
"$usdtrap" -l 'usdt:*' 2>said.err >all.out || fail "all processes: $(cat said.err)"
grep "^usdt:$work/hits:" all.out | same expected -
grep -q "^usdt:.*/libprobe.so:libprobe:work$" all.out || fail "a library is missing: $(cat all.out)"
"$usdtrap" -l 'usdt:*:hits:t*' 2>said.err | grep "^usdt:$work/" >said.out
grep hits:t expected | same said.out -
lists 1 -l 'usdt:*:nobody:has' </dev/null
sed -n 's/its [0-9]* files/its N files/p' said.err >wanted
same - wanted <<EOT
ERROR: whatever runs now: no USDT probe of its N files is called nobody:has
EOT
finish

# bpftrace lists the same, for every file with probes that a usual system has. It wants to be root.
if command -v bpftrace >/dev/null && [ "$(id -u)" -eq 0 ]; then
	for file in /usr/bin/python3* /usr/lib/x86_64-linux-gnu/libstdc++.so.6 "$work/busy" "$targets/sites"; do
		[ -x "$file" ] || continue
		bpftrace -l "usdt:$file:*" >theirs.out 2>/dev/null || continue
		[ -s theirs.out ] || continue
		"$usdtrap" -l "usdt:$file:*" | same theirs.out -
	done
fi
