#!/bin/sh
# SPDX-License-Identifier: MIT
# Structures of a process: the script includes the target's own header, and reads what the target says it wrote.
. "${top_srcdir:-.}/tests/live/lib.sh"

cat >shapes.bt <<'END'
#include "shapes.h"

usdt:$1:shapes:shape
{
	$s = (struct shape *)arg1;
	$t = *(struct tight *)arg2;
	printf("%d %s [{%d %d} {%d %d}] %d %d %d %s %ld\n", arg0, $s->kind, $s->corners[0].x, $s.corners[0].y,
	       $s->corners[1].x, $s->corners[1].y, $s->red, $s->green, $s->blue, $s->is_filled, $s->depth);
	printf("%s %lu %u %u %s %s %s\n", $s->name, $s->id, $s->low, $s->high, $s->grid, $s->area, $s->scale);
	printf("%s %s %s %d %d %u %u\n", str($s->note), $s->next->name, $s->next, $s->path[2].y, ($s->path + 1)->x,
	       $s->address.s_addr, $s->tail[3]);
	print($t);
	@corners[$s->corners[0].x, $t.point] = $s->grid[1];
	@kinds[$s->kind] = count();
	@whole = *$s;
}

end
{
	print((@whole.name, @whole.corners[1], @whole.kind));
}
END
"$usdtrap" -I "$top_srcdir/tests/targets" shapes.bt -c "$targets/shapes" -o trace.out "$targets/shapes" \
	>target.out 2>trace.err </dev/null
# The target says (nil) of the pointer that a script calls 0x0.
grep -v ready target.out | sed 's/(nil)/0x0/' >expected
grep -v -e '^$' -e '^@' -e '^(' trace.out | same expected -
grep '^(' trace.out >last.out
echo '(shape-11, { .x = 601, .y = -77 }, 7)' | same last.out -
grep '^@kinds' trace.out | sort >kinds.out
printf '%s\n' '@kinds[7]: 3' '@kinds[CIRCLE]: 3' '@kinds[LINE]: 3' '@kinds[SQUARE]: 3' | same kinds.out -
grep -q '^@corners\[-500, { .x = 0, .y = -1 }\]: \[-27,-64,-125\]$' trace.out || fail "keys of structs"
grep -q '^@whole: { .kind = 7, .corners = \[{ .x = 600, .y = -77 },{ .x = 601, .y = -77 }\], .red = 1, ' trace.out ||
	fail "a struct in a map"

# The last member may be of any length: text and bytes are read from where it begins.
cat >tail.bt <<'END'
#include "shapes.h"
usdt:$1:shapes:shape /arg0 == 3/ { $s = (struct shape *)arg1; printf("%d %rh\n", $s->tail[7], buf($s->tail, 4)); }
END
"$usdtrap" -I "$top_srcdir/tests/targets" tail.bt -c "$targets/shapes" -o tail.out "$targets/shapes" \
	>target.out 2>trace.err </dev/null
grep -q '^213 03 21 3f 5d$' tail.out || fail "an array without a length"

# JSON of the same.
"$usdtrap" -f json -I "$top_srcdir/tests/targets" shapes.bt -c "$targets/shapes" -o json.out "$targets/shapes" \
	>target.out 2>trace.err </dev/null
grep -q '^{"type": "value", "data": {"mark": 20, "number": -100000, "point": {"x": 1, "y": -1}}}$' json.out ||
	fail "a struct in JSON"

# A pointer to nowhere is 0 and "", and with -k a warning with its place.
"$usdtrap" -k -e "struct nowhere { int number; char text[8]; };
	usdt:$targets/shapes:shapes:shape { \$n = (struct nowhere *)arg0; print((\$n->number, \$n->text)); exit(); }" \
	-c "$targets/shapes" -o nowhere.out >target.out 2>nowhere.err </dev/null
grep -q '^(0, )$' nowhere.out || fail "what cannot be read is 0"
grep -q 'stdin:2:.*WARNING: Bad address' nowhere.err || fail "-k warns"
