# SPDX-License-Identifier: MIT
# fish completion for usdtrap. Options come from its help and probes from its listing, so that nothing here grows old.

# Probes that may stand at the end of the word at the cursor, with what stands in front of them: 'BEGIN { } usdt:/bin/x:
function __usdtrap_probes
	set -l word (commandline -ct | string replace -r '^[\'"]' '')
	set -l start (string replace -r '^.*[\s,{};]' '' -- $word)
	set -l before (string sub -l (math (string length -- "$word") - (string length -- "$start")) -- "$word")
	set -l parts (string split : -- $start)
	set -l type $parts[1]
	set -l usdtrap (commandline -opc)[1]
	set -l pid (commandline -opc | string join ' ' | string match -r -g -- '(?:-p|--pid)[ =]?(\d+)')

	if test (count $parts) -lt 2
		printf "$before%s\n" begin end interval: profile: tracepoint: uprobe: uretprobe: usdt:
		return
	end
	switch $type
		case interval i profile p tracepoint t
			$usdtrap -l "$type:*" 2>/dev/null | string replace -r '^[^:]*' "$before$type"
		case usdt U uprobe u uretprobe ur
			if test -n "$pid"; and not string match -q '*/*' -- $parts[2]
				$usdtrap -l "$type:*" -p $pid 2>/dev/null | string replace -r '^.*:' "$before$type:" | sort -u
			else if test (count $parts) -eq 2
				for file in (complete -C "'' $parts[2]" | string replace -r '\t.*' '')
					if test -d $file
						printf '%s\n' "$before$type:$file"
					else
						printf '%s\n' "$before$type:$file:"
					end
				end
			else
				set -l file $parts[2]
				$usdtrap -l "$type:$file:*" 2>/dev/null | string replace -r '^[^:]*:[^:]*:' "$before$type:$file:"
				if contains $type usdt U
					$usdtrap -l "$type:$file:*" 2>/dev/null | string replace -r '^.*:' "$before$type:$file:"
				end
			end
	end
end

function __usdtrap_lists
	string match -qr -- '(^| )(-l|-lv|-vl|--list|list|explain|why|discover|cover|expect|top|flame)( |$)' (commandline -opc | string join ' ')
end

# The options, from lines of the help such as "    -p, --pid PID    trace ..."; what they take is in capitals there.
for line in (usdtrap -h 2>/dev/null | string match -r '^    (?:-\w|    --).*')
	set -l letter (string match -r -g -- '^    -(\w)' $line)
	set -l name (string match -r -g -- '^ +(?:-\w, )?--([a-z-]+)' $line)
	set -l help (string match -r -g -- '^ +.*?  +(\S.*)$' $line)
	set -l value
	string match -qr -- '^ +(?:-\w)?(?:, )? *(?:--[a-z-]+)? \'?[A-Z]' $line; and set value -r
	test -n "$letter"; and complete -c usdtrap -s $letter $value -d "$help"
	test -n "$name"; and complete -c usdtrap -l $name $value -d "$help"
end

complete -c usdtrap -s e -x -a '(__usdtrap_probes)'
complete -c usdtrap -s p -l pid -x -a '(__fish_complete_pids)'
complete -c usdtrap -s c -l cmd -x -a '(__fish_complete_command)'
complete -c usdtrap -s I -x -a '(__fish_complete_directories)'
complete -c usdtrap -s f -x -a 'text json'
complete -c usdtrap -s B -x -a 'line full none'
complete -c usdtrap -l mode -x -a 'test bench format'
complete -c usdtrap -s d -l debug -x -a 'ast all'
complete -c usdtrap -n __usdtrap_lists -f -a '(__usdtrap_probes)'
complete -c usdtrap -n __fish_use_subcommand -a "(usdtrap -h 2>/dev/null | string match -r -g '^    ([a-z]+) .*')"
complete -c usdtrap -n '__fish_seen_subcommand_from inspect repair; and test (count (commandline -opc)) -eq 2' -f -a '(__fish_complete_pids)'
complete -c usdtrap -n '__fish_seen_subcommand_from inspect; and test (count (commandline -opc)) -eq 3' -f \
	-a "(usdtrap inspect -h 2>/dev/null | string match -r -g '^    ([a-z]+) .*')"
complete -c usdtrap -n '__fish_seen_subcommand_from explain flame' -l html -r -d 'write a page with pictures, too'
complete -c usdtrap -n '__fish_seen_subcommand_from explain' -l pause -d 'wait for Enter at each step'
complete -c usdtrap -n '__fish_seen_subcommand_from explain' -l hits -x -d 'end after so many hits'
complete -c usdtrap -n '__fish_seen_subcommand_from discover expect top flame' -l time -x -d 'end after so many seconds'
