#!/bin/sh
# SPDX-License-Identifier: MIT
# The scripts of tools/ for Java, Ruby and PHP, each where it is installed with its probes, against what these know of
# themselves.
. "${top_srcdir:-.}/tests/live/lib.sh"
tools=$top_srcdir/tools
tried=

# trace NAME COMMAND [OPTION...]: the tool's output is in trace.out, the program's in target.out
trace() {
	tool=$1
	command=$2
	shift 2
	"$usdtrap" -o trace.out "$tools/$tool.bt" -c "$command" -- "$@" >target.out 2>trace.err </dev/null ||
		fail "$tool ended with $?"
	! grep '^/.*WARNING' trace.err | grep -qv 'No matches for' || fail "$tool warns"
	tried="$tried $tool"
}

has_probe() { # FILE PROVIDER:NAME
	"$usdtrap" -l "usdt:$1:$2" 2>/dev/null | grep -q .
}

tools_of_java() {
	java=$(readlink -f "$(command -v java)")
	jvm=$(dirname "$java")/../lib/server/libjvm.so
	has_probe "$jvm" hotspot:gc__begin || return 0
	cat >Hello.java <<'END'
public class Hello {
    static class Later { }
    public static void main(String[] args) {
        byte[][] keep = new byte[10][];
        for (int i = 0; i < 3000; i++)
            keep[i % 10] = new byte[100000];
        System.gc();
        new Later();
    }
}
END
	javac Hello.java >javac.out 2>javac.err || return 0

	# The virtual machine's own log: [0.053s][info][gc] GC(0) Pause Young (Allocation Failure) 16M->8M(61M) 4.559ms
	trace javagc "$java -XX:+UseSerialGC -Xmx64m -Xlog:gc:file=gc.log Hello" --pools
	sed -n 's/.*GC([0-9]*) Pause Young .*/young/p; s/.*GC([0-9]*) Pause Full .*/full/p' gc.log >expected
	[ "$(sort -u expected | wc -l)" -eq 2 ] || fail "the log tells of one kind of collection alone"
	awk '$1 ~ /^[0-9]+$/ && NF == 3 { print $3 }' trace.out | same expected -
	# The pools of memory are told before each: the full one, last, leaves nothing in the nursery.
	[ "$(grep -c 'Eden Space .*->' trace.out)" -eq "$(wc -l <expected)" ] || fail "javagc: not one nursery a collection"
	grep 'Eden Space .*->' trace.out | tail -n 1 | grep -q -- '-> *0$' || fail "javagc: the nursery is not empty behind it"

	trace javaclass "$java -Xlog:class+load:file=load.log -cp . Hello"
	{
		grep -c 'source: shared objects file' load.log | sed 's/^/@classes[archive]: /'
		grep 'source:' load.log | grep -vc 'shared objects file' | sed 's/^/@classes[read]: /'
	} >expected
	maps trace.out | same expected -
	trace javaclass "$java -cp . Hello" --read
	# shellcheck disable=SC2016 # the name of a class
	awk '$3 == "read" && $4 ~ /Hello/ { print $4 }' trace.out >said.out
	# shellcheck disable=SC2016
	printf '%s\n' Hello 'Hello$Later' | same - said.out
	! grep -q ' archive ' trace.out || fail "javaclass: --read shows the archive"
}

tools_of_ruby() {
	has_probe "$(ldd "$(readlink -f "$(command -v ruby)")" | awk '/libruby/ { print $3 }')" ruby:method__entry || return 0
	cat >hello.rb <<'END'
TracePoint.new(:call) {}.enable
def shout(text)
  text.swapcase + "!"
end
def greet(name)
  shout("hello " + name)
end
7.times { greet("ada") }
END
	command=$(command -v ruby)
	trace rubycalls "$command --disable=gems hello.rb"
	printf '@calls[Object, greet]: 7\n@calls[Object, shout]: 7\n' >expected
	maps trace.out | same expected -
	trace rubycalls "$command --disable=gems hello.rb" --c --class=String
	[ "$(grep -c '@calls\[String, swapcase\]: 7$' trace.out)" -eq 1 ] || fail "rubycalls: not 7 calls of swapcase"
	! grep '^@' trace.out | grep -qv '\[String, ' || fail "rubycalls: --class shows others"
}

tools_of_php() {
	php=$(readlink -f "$(command -v php)")
	has_probe "$php" php:function__entry || return 0
	cat >hello.php <<'END'
<?php
class Shop {
    static function greet($name) { return shout("hello " . $name); }
}
function shout($text) { return strtoupper($text) . "!"; }
foreach (["ada", "grace"] as $name) Shop::greet($name);
try { throw new DomainException("no"); } catch (Exception $e) { }
END
	USE_ZEND_DTRACE=1
	export USE_ZEND_DTRACE
	trace phpflow "$php -n hello.php"
	sed -n "s|^ *[0-9]* *[0-9]* \( *[-<!].*\)|\1|p" trace.out | sed "s| [^ ]*/hello.php:| hello.php:|" >said.out
	{
		echo '-> main hello.php:6'
		for _ in ada grace; do
			echo '  -> Shop::greet hello.php:3'
			echo '    -> shout hello.php:5'
			echo '    <- shout'
			echo '  <- Shop::greet'
		done
		echo '  !! DomainException'
		echo '<- main'
	} >expected
	same expected said.out
}

for program in java ruby php; do
	if command -v $program >/dev/null; then
		tools_of_$program
	fi
done
[ -n "$tried" ] || skip "neither Java with javac, nor Ruby, nor PHP is installed with probes"
echo "tried:$tried"
