#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/pgquery.bt and tools/pglock.bt on a PostgreSQL server of the test's own, reached by a socket in its folder alone.
. "${top_srcdir:-.}/tests/live/lib.sh"
tools=$top_srcdir/tools

. "$top_srcdir/tests/live/postgresql_lib.sh"
needs_attach

start_server -c deadlock_timeout=200ms
sql -c 'CREATE TABLE stock (item int)'

# Queries: by the simple protocol, by the extended one, prepared, and one that fails.
tracer --follow "$tools/pgquery.bt" -p "$server"
sql -c 'SELECT 41 + 1' -c "SELECT 'first',
	'second line'" -c 'SELECT pg_sleep(0.12)' >sql.out
if sql -c 'SELECT nothing' 2>psql.err; then
	fail "there is no such column"
fi
sql -c 'ROLLBACK' 2>psql.err
echo 'INSERT INTO stock VALUES (7);' >insert.sql
for protocol in extended prepared; do
	bench -n -M $protocol -t 9 -f insert.sql
done
leave
[ "$tracer_status" -eq 0 ] || fail "pgquery ended with $tracer_status"
! grep WARNING trace.err | grep -qv 'no safety net' || fail "pgquery: $(cat trace.err)"
count() {
	grep -cE "^ *[0-9]+ +[0-9]+ $1" trace.out || true
}
[ "$(count 'SELECT 41 \+ 1$')" -eq 1 ] || fail "pgquery: not one SELECT"
grep -A 1 "SELECT 'first',$" trace.out | grep -q "^	'second line'$" || fail "pgquery: not the whole text"
[ "$(count 'SELECT nothing')" -eq 0 ] || fail "pgquery: what failed is shown"
[ "$(count 'ROLLBACK$')" -eq 1 ] || fail "pgquery: not one ROLLBACK"
[ "$(count 'INSERT INTO stock VALUES \(7\)')" -eq "$(sql -c 'SELECT count(*) FROM stock')" ] || fail "pgquery: not all rows"
[ "$(sql -c 'SELECT count(*) FROM stock')" -eq 18 ] || fail "the server has other rows"
awk '/pg_sleep/ { print ($1 >= 120000 && $1 < 5000000) }' trace.out >said.out
echo 1 | same - said.out

tracer --follow "$tools/pgquery.bt" -p "$server" -- --ms=100
sql -c 'SELECT 41 + 1' -c 'SELECT pg_sleep(0.12)' >sql.out
leave
[ "$(count SELECT)" -eq 1 ] || fail "pgquery: --ms shows something else"

# Locks: two connections that want the same, each told by the server where it is.
tracer --follow "$tools/pglock.bt" -p "$server"
waits() { # SQL that takes, SQL that waits
	sql -c "BEGIN; $1; SELECT 'has', pg_sleep(1.5)" >holder.out &
	holder=$!
	tries=0
	until [ "$(sql -c "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND wait_event = 'PgSleep'")" -eq 1 ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || fail "nobody has the lock"
		sleep 0.02
	done
	sql -c 'SELECT pg_backend_pid()' -c "$2" >waiter.out
	wait $holder
	waiter=$(head -n 1 waiter.out)
}
database=$(sql -c "SELECT oid FROM pg_database WHERE datname = 'postgres'")
table=$(sql -c "SELECT 'stock'::regclass::oid")
waits 'LOCK TABLE stock' 'SELECT count(*) FROM stock'
echo "$waiter AccessShare relation $database $table 0 0" >expected
waits 'SELECT pg_advisory_lock(5)' 'SELECT pg_advisory_lock(5)'
echo "$waiter Exclusive advisory $database 0 5 1" >>expected
# Each takes one lock and, when both have theirs, wants that of the other; the server refuses one of them.
for locks in '1 2' '2 1'; do
	sql -c "SELECT pg_advisory_lock(${locks% *}), pg_sleep(1)" -c "SELECT pg_advisory_lock(${locks#* })" \
		>"locks${locks% *}.out" 2>"locks${locks% *}.err" &
	holders="${holders:-} $!"
done
for holder in $holders; do
	wait "$holder" || true
done
leave
[ "$tracer_status" -eq 0 ] || fail "pglock ended with $tracer_status"
! grep WARNING trace.err | grep -qv 'no safety net' || fail "pglock: $(cat trace.err)"
awk '$1 ~ /^[0-9]+$/ && NF == 8 { print $2, $3, $4, $5, $6, $7, $8 }' trace.out | head -n 2 | same expected -
awk '$1 ~ /^[0-9]+$/ && NF == 8 { print ($1 > 50000 && $1 < 20000000) }' trace.out | sort -u >said.out
echo 1 | same - said.out

[ "$(grep -c '^ *- *[0-9]* deadlock$' trace.out)" -eq "$(grep -c 'ERROR:  deadlock detected' server.err)" ] ||
	fail "pglock: other deadlocks"
grep -q 'ERROR:  deadlock detected' server.err || fail "the two connections met no deadlock"

# The server has every byte back, and goes on.
untouched "$server"
[ "$(sql -c 'SELECT count(*) FROM stock')" -eq 18 ] || fail "the server lost something"
