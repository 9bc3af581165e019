#!/bin/sh
# SPDX-License-Identifier: MIT
# Calls that return in another thread than they began in, or on a stack that was moved meanwhile: coroutines, and Go.
# covers: probe-uretprobe builtin-retval
. "${top_srcdir:-.}/tests/live/lib.sh"

"$usdtrap" -e "uretprobe:$targets/coroutines:work { @[retval] = count(); }" -c "$targets/coroutines 400" -o trace.out \
	>target.out 2>trace.err </dev/null || fail "usdtrap ended with $?: $(cat trace.err)"
same_maps
! grep -E 'WARNING|NOTE' trace.err || fail "there was nothing to be warned of"

# Under make check-old the program of -c is filtered as usdtrap is, and one that is filtered is not made to map room, of
# which a Go program has none.
[ -z "${OLD_KERNEL:-}" ] || exit 0

# A Go program: each goroutine begins with a small stack, waits inside a function, and goes on where there is a thread.
env go version >/dev/null 2>&1 || exit 0
mkdir go
cat >go/main.go <<'END'
package main

import (
	"fmt"
	"sync"
	"time"
)

//go:noinline
func slow(n int) int {
	time.Sleep(2 * time.Millisecond)
	return n * 2
}

//go:noinline
func deep(n int) int {
	var some [128]byte
	some[n%128] = byte(n)
	if n == 0 {
		return 0
	}
	return deep(n-1) + int(some[n%128]) - int(byte(n)) + 1
}

func main() {
	var all sync.WaitGroup
	var lock sync.Mutex
	wrong := 0
	for g := 0; g < 50; g++ {
		all.Add(1)
		go func(g int) {
			defer all.Done()
			for i := 0; i < 10; i++ {
				slow(i)
			}
			if g%10 == 0 && deep(1000) != 1000 {
				lock.Lock()
				wrong++
				lock.Unlock()
			}
		}(g)
	}
	all.Wait()
	fmt.Println("wrong", wrong)
}
END
# (lib.sh has a function of that name.)
(cd go && env HOME="$PWD" GOCACHE="$PWD/cache" GO111MODULE=off GOFLAGS= go build -o ../goes main.go) 2>go.err || {
	echo "go builds nothing here: $(head -n 1 go.err)"
	exit 0
}
"$usdtrap" -e "uretprobe:./goes:main.slow { @slow[retval] = count(); } uretprobe:./goes:main.deep { @deep = count();
	@last = retval; } uretprobe:./goes:main.main.func* { @goroutines = count(); }" -c ./goes -o trace.out >target.out \
	2>trace.err </dev/null || fail "usdtrap ended with $?: $(cat trace.err)"
grep -qx 'wrong 0' target.out || fail "Go: $(cat target.out)"
{
	echo '@deep: 5005'
	echo '@last: 1000'
	for i in 0 1 2 3 4 5 6 7 8 9; do
		echo "@slow[$((2 * i))]: 50"
	done
} | sort >expected
grep -v -e '^$' -e goroutines trace.out | sort | same expected -
! grep WARNING trace.err || fail "there was nothing to be warned of in Go"
