#!/bin/sh
# SPDX-License-Identifier: MIT
# PostgreSQL under pgbench, each transaction by a connection of its own, all backends traced from their birth: each query
# that the server logs is counted once, at its start and at its end, and all results are right.
. "${top_srcdir:-.}/tests/load/lib.sh"
. "$top_srcdir/tests/live/postgresql_lib.sh"
needs_attach

each=$(size 60 2500)
clients=4
start_server -c log_statement=all
sql -c 'CREATE TABLE account (id int PRIMARY KEY, balance bigint)' \
	-c 'INSERT INTO account SELECT number, 0 FROM generate_series(1, 100) AS number'
cat >transfer.sql <<EOT
\\set from random(1, 100)
\\set to random(1, 100)
BEGIN;
UPDATE account SET balance = balance - 1 WHERE id = LEAST(:from, :to);
UPDATE account SET balance = balance + 1 WHERE id = GREATEST(:from, :to);
END;
EOT

transfer() {
	bench -n -C -c $clients -j 2 -t "$each" -f transfer.sql || fail "pgbench: $(tail -n 3 pgbench.err)"
	grep -q "^number of transactions actually processed: $((clients * each))/$((clients * each))\$" pgbench.out ||
		fail "pgbench: $(cat pgbench.out)"
	sed -n 's/^tps = \([0-9.]*\) (including.*/\1/p' pgbench.out
}

logged() {
	grep -c 'LOG:  statement:' server.err
}

without=$(transfer)
tracer --follow -e "usdt:$bin/postgres:postgresql:query__start { @start = count(); printf(\"backend %d\n\", pid); }
	usdt:$bin/postgres:postgresql:query__done { @done = count(); }" -p "$server"
engine
watch_memory memory
before=$(logged)
with=$(transfer)
queries=$(($(logged) - before))
leave
[ "$tracer_status" -eq 0 ] || fail "usdtrap ended with $tracer_status"
! grep WARNING trace.err | grep -qv 'no safety net' || fail "warned: $(cat trace.err)"
grep -qx "@start: $queries" trace.out || fail "not $queries queries: $(grep '^@[sd]' trace.out)"
grep -qx "@done: $queries" trace.out || fail "not $queries ends: $(grep '^@[sd]' trace.out)"
backends=$(grep '^backend ' trace.out | sort -u | wc -l)
# Process ids are used again: some may have been those of two, the more the longer it took.
[ "$backends" -ge $((clients * each / 2)) ] || fail "only $backends backends"
[ "$(sql -c 'SELECT sum(balance) FROM account')" -eq 0 ] || fail "money was lost"
! grep -E 'terminated by signal|PANIC|FATAL' server.err || fail "the server was harmed"
untouched "$server"
row 'connections, one a transaction' "$backends"
row 'queries logged, counted, lost' "$queries, $queries, 0"
row 'transactions a second, traced and not' "$with, $without ($(slowdown "$without" "$with") times slower)"
memory_is_flat memory
