#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Where imports are looked for, and which files are not trusted: what anybody may write to decides what a script does.
set -eu
usdtrap=$(cd "${top_builddir:-.}" && pwd)/usdtrap
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 022
failed=0

# Runs usdtrap with the words behind $1, what it should print.
expect() {
	wanted=$1
	shift
	printed=$("$usdtrap" -q "$@" 2>&1 </dev/null) || true
	if [ "$printed" != "$wanted" ]; then
		printf 'usdtrap -q %s\nprinted:\n%s\ninstead of:\n%s\n' "$*" "$printed" "$wanted"
		failed=1
	fi
}

mkdir scripts scripts/lib open sticky
printf 'macro one() { 1 }\n' >scripts/lib/one.bt
printf 'import "lib/one.bt";\nBEGIN { print(one); }\n' >scripts/main.bt
cp scripts/lib/one.bt open/one.bt
cp scripts/lib/one.bt sticky/one.bt

# Relative to the file that imports, and to the working folder where there is no file.
expect 1 scripts/main.bt
expect 1 "$work/scripts/main.bt"
expect 1 -e 'import "scripts/lib/one.bt"; BEGIN { print(one); }'
expect 1 -e "import \"$work/scripts/lib/one.bt\"; BEGIN { print(one); }"
expect 1 -e 'import "scripts/lib"; BEGIN { print(one); }'

# Files and folders that anybody may write to.
chmod o+w scripts/lib/one.bt
expect "scripts/main.bt:1:1-20: ERROR: cannot import 'scripts/lib/one.bt': anybody may write to it
import \"lib/one.bt\";
~~~~~~~~~~~~~~~~~~~
HINT: chmod o-w scripts/lib/one.bt" scripts/main.bt
chmod o-w scripts/lib/one.bt
chmod o+w open
expect "stdin:1:1-14: ERROR: cannot import 'open': anybody may write to it
import \"open\"; BEGIN { }
~~~~~~~~~~~~~
HINT: chmod o-w open" -e 'import "open"; BEGIN { }'
expect "stdin:1:1-21: ERROR: cannot import 'open/one.bt': anybody may put another in its place
import \"open/one.bt\"; BEGIN { }
~~~~~~~~~~~~~~~~~~~~
HINT: chmod o-w open" -e 'import "open/one.bt"; BEGIN { }'
# Whose files nobody else can replace, as in /tmp.
chmod 1777 sticky
expect 1 -e 'import "sticky/one.bt"; BEGIN { print(one); }'

# What is no script.
: >empty.bt
mkdir none
mkfifo pipe.bt
expect '' -e 'import "empty.bt"; BEGIN { }'
expect "stdin:1:1-14: ERROR: cannot import 'none': there are no .bt files in it
import \"none\"; BEGIN { }
~~~~~~~~~~~~~" -e 'import "none"; BEGIN { }'
expect "stdin:1:1-17: ERROR: cannot import 'pipe.bt': it is no file
import \"pipe.bt\"; BEGIN { }
~~~~~~~~~~~~~~~~" -e 'import "pipe.bt"; BEGIN { }'

# Very many that import one another.
number=0
while [ "$number" -lt 60 ]; do
	printf 'import "%d.bt";\n' $((number + 1)) >"$number.bt"
	number=$((number + 1))
done
: >60.bt
expect "49.bt:1:1-15: ERROR: cannot import '50.bt': too many files import one another
import \"50.bt\";
~~~~~~~~~~~~~~" -e 'import "0.bt"; BEGIN { }'
exit "$failed"
