#!/bin/sh
# SPDX-License-Identifier: MIT
# --fmt: to standard output, and into files, which are whole at any time.
# covers: cli-fmt
# shellcheck disable=SC2016 # scripts have dollar signs of their own
. "${top_srcdir:-.}/tests/live/lib.sh"

printf 'BEGIN{$x=1;print($x)}' >untidy.bt
cat >tidy.bt <<'EOT'
BEGIN
{
	$x = 1;
	print($x)
}
EOT
"$usdtrap" --fmt untidy.bt | same tidy.bt -
"$usdtrap" --mode format untidy.bt | same tidy.bt -
"$usdtrap" --fmt - <untidy.bt | same tidy.bt -
"$usdtrap" --fmt -e "$(cat untidy.bt)" | same tidy.bt -

# Into a new file, into itself with its mode kept, through a link that stays one, and into what is no file.
"$usdtrap" --fmt untidy.bt -o new.bt
same tidy.bt new.bt
cp untidy.bt itself.bt
chmod 750 itself.bt
"$usdtrap" --fmt itself.bt -o itself.bt
same tidy.bt itself.bt
[ "$(stat -c %a itself.bt)" = 750 ] || fail "the mode is $(stat -c %a itself.bt)"
cp untidy.bt behind.bt
ln -s behind.bt link.bt
"$usdtrap" --fmt link.bt -o link.bt
same tidy.bt behind.bt
[ -L link.bt ] || fail "the link was replaced"
mkfifo pipe
"$usdtrap" --fmt untidy.bt -o pipe &
same tidy.bt - <pipe
wait $!
[ -p pipe ] || fail "the pipe was replaced"
ln -s nowhere.bt dangling.bt
"$usdtrap" --fmt untidy.bt -o dangling.bt
same tidy.bt nowhere.bt
[ -L dangling.bt ] || fail "the dangling link was replaced"

# What is wrong is said, and nothing is written.
printf 'BEGIN{$x=}' >wrong.bt
cp wrong.bt kept.bt
status=0
"$usdtrap" --fmt wrong.bt -o wrong.bt >said.out 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "a wrong script: status $status"
grep -q '^wrong.bt:1:10-11: ERROR: ' said.err || fail "a wrong script: $(cat said.err)"
same kept.bt wrong.bt
status=0
"$usdtrap" --fmt missing.bt >said.out 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "a missing script: status $status"
echo "ERROR: failed to open file 'missing.bt': No such file or directory" | same - said.err
status=0
"$usdtrap" --fmt untidy.bt -o missing/new.bt >said.out 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "a missing folder: status $status"
echo 'ERROR: cannot write beside missing/new.bt: No such file or directory' | same - said.err
status=0
"$usdtrap" --fmt untidy.bt >/dev/full 2>said.err || status=$?
[ "$status" -eq 1 ] || fail "a full disk: status $status"
echo 'ERROR: cannot write to standard output: No space left on device' | same - said.err
[ -z "$(find . -name '*.bt.*')" ] || fail "left behind: $(find . -name '*.bt.*')"
