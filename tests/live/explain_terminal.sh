#!/bin/sh
# SPDX-License-Identifier: MIT
# `usdtrap explain' on a terminal: --pause, colours, Ctrl-C at a pause; --html in a browser.
. "${top_srcdir:-.}/tests/live/lib.sh"

guarded=$targets/guarded
on_terminal() {
	"$helpers/terminal" "$@" >shown 9>&- || fail "$(cat shown)"
}

# What is typed where it waits at each of these.
pauses() {
	printf 'expect %s\nexpect Enter goes on\ntype\n' "$@"
}

# A file alone: each step waits, too; where there is no terminal nobody can.
on_terminal env TERM=xterm "$usdtrap" explain --pause "usdt:$guarded:tick" <<EOT
$(pauses '1. The note in the file' '2. Was the file moved' '3. The code in the file' \
	'4. Where the arguments are')
ends 0
EOT
if command -v setsid >/dev/null; then
	setsid -w "$usdtrap" explain --pause "usdt:$guarded:tick" >said.out 2>said.err && fail "--pause without a terminal"
	echo "ERROR: --pause needs a terminal to wait for Enter at" | same - said.err
fi
needs_attach
start "$guarded"
wait_for target.out '^ready$'

# Each step waits for Enter; meanwhile the trap is in, and the target waits at its hit. Colours mark what matters.
escape=$(printf '\033')
echo "echo 'hit 1' >&9" >hit.sh
on_terminal env TERM=xterm "$usdtrap" explain --pause guarded:tick -p "$pid" <<EOT
$(pauses '1. The note in the file' '2. Was the file moved' '3. The code in the file' \
	'Where the file is in the process' 'The code in the process, before' 'The semaphore' \
	'One byte is written')
expect All is in place
key C
expect The proof
expect 0 hits seen
ends 0
EOT
untouched "$pid"
grep -q "$escape\[1m1\. The note in the file$escape\[0m" shown || fail "headings are not bold"
grep -q "$escape\[33m>  0x" shown || fail "the site is not marked"
on_terminal env TERM=xterm NO_COLOR=1 "$usdtrap" explain "usdt:$guarded:tick" <<EOT
expect Where the arguments are
ends 0
EOT
! grep -q "$escape" shown || fail "NO_COLOR is not heeded"

# Ctrl-C at a pause leaves without asking any more.
on_terminal env TERM=xterm "$usdtrap" explain --pause guarded:tick -p "$pid" <<EOT
expect Enter goes on
key C
ends 0
EOT
untouched "$pid"

# The page: one file, well-formed, with every step, and the text of the target as text.
page=$work/page.html
"$usdtrap" explain hits:tick -c "$targets/hits 2" --html "$page" </dev/null >explain.out 2>explain.err || fail "$(cat explain.err)"
[ "$(grep -c '<section>' "$page")" -eq "$(grep -c '^[0-9]*\. ' explain.out)" ] || fail "the page has not as many steps as the transcript"
! grep -qE '(src|href)=' "$page" || fail "the page needs something else"
"$usdtrap" explain hits:tick -c "$targets/hits 2" --html /nowhere/page.html </dev/null >explain.out 2>explain.err &&
	fail "a page that cannot be written is no error"
grep -qx 'ERROR: cannot write to /nowhere/page.html: No such file or directory' explain.err || fail "$(cat explain.err)"

browser=
for name in chromium chromium-browser google-chrome; do
	if command -v $name >/dev/null; then
		browser=$name
		break
	fi
done
if [ -z "$browser" ]; then
	echo "no Chromium is installed: the page was not opened"
	exit 0
fi
timeout -k 5 60 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
	--disable-component-update --disable-sync --user-data-dir="$work/profile" --dump-dom "file://$page" \
	>dom.out 2>dom.err 9>&- || {
	echo "$browser does not run here: the page was not opened"
	exit 0
}
[ "$(grep -o '<section>' dom.out | wc -l)" -eq "$(grep -c '<section>' "$page")" ] || fail "the browser sees other steps"
grep -q 'some text of thirty-two letters' dom.out || fail "the browser does not see the argument"
grep -q '<b class="now">cc</b>' dom.out || fail "the browser does not see the trap"
