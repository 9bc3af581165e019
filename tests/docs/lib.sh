#!/bin/sh
# SPDX-License-Identifier: MIT
# document NAME: runs the sessions of docs/NAME, with the usdtrap that was built, in a folder of their own.
. "${top_srcdir:-.}/tests/live/lib.sh"

document() {
	needs_attach
	command -v python3 >/dev/null || skip "python3 is not installed"
	mkdir bin docs
	cat >bin/usdtrap <<-END
		#!/bin/sh
		exec "$usdtrap" "\$@"
	END
	chmod +x bin/usdtrap
	cp -r "$top_srcdir/docs/demo" docs/
	chmod -R u+w docs
	status=0
	PATH=$work/bin:$PATH CC=${CC:-cc} python3 "$top_srcdir/tests/docs/run.py" "$top_srcdir/docs/$1" 9>&- || status=$?
	exit $status
}
