#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A PostgreSQL server of a test's own, reached by a socket in its folder alone.
# To be read behind lib.sh; skips the test where there is none, or where it has no probes.
#
#	start_server [OPTION...]    sets $server, its first process; its messages are in server.err
#	sql ARGUMENT...             runs psql, as its first user
#	bench ARGUMENT...           runs pgbench, likewise; what it says is in pgbench.out and pgbench.err
#
# $bin is the folder of its programs.
# shellcheck disable=SC2154 # work and usdtrap are lib.sh's

bin=
for initdb in /usr/lib/postgresql/*/bin/initdb; do
	[ ! -x "$initdb" ] || bin=$(dirname "$initdb")
done
[ -n "$bin" ] || skip "PostgreSQL is not installed"
[ -x "$bin/pgbench" ] || skip "pgbench is not installed"
"$usdtrap" -l "usdt:$bin/postgres:postgresql:query__start" 2>/dev/null | grep -q . || skip "PostgreSQL has no probes"

# The server does not run as root.
user=
if [ "$(id -u)" -eq 0 ]; then
	user="setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=$work"
	chown nobody:nogroup .
fi
# The name of a socket has 107 bytes at most.
[ "$(printf %s "$work" | wc -c)" -le 80 ] || skip "$work is too long a name for the folder of a socket"

# The server ends its own children.
at_end() {
	[ -n "${server:-}" ] || return 0
	kill -QUIT "$server" 2>/dev/null || true
	wait "$server" || true
}

start_server() {
	# shellcheck disable=SC2086 # words, or none
	$user "$bin/initdb" -D data -A trust -N --locale=C -U tester >initdb.out 2>initdb.err ||
		skip "initdb: $(tail -n 1 initdb.err)"
	# What is started is setpriv, env and postgres one after the other, all one process.
	# shellcheck disable=SC2086
	$user "$bin/postgres" -D data -c listen_addresses= -c "unix_socket_directories=$work" -c fsync=off \
		-c autovacuum=off "$@" >server.out 2>server.err </dev/null &
	server=$!
	wait_for server.err 'ready to accept connections'
	# As in postmaster.pid, whose first line the tools' heads name
	[ "$(head -n 1 data/postmaster.pid)" -eq "$server" ] || fail "the server is another process"
}

sql() {
	psql -X -q -A -t -h "$work" -U tester -d postgres "$@"
}

bench() {
	"$bin/pgbench" -h "$work" -U tester "$@" postgres >pgbench.out 2>pgbench.err
}
