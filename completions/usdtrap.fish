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

# Offers the options of lines of a help such as "    -p, --pid PID    trace ..." where a condition holds; what they take is
# in capitals there.
function __usdtrap_offer
	for line in (string match -r '^    (?:-\w|    --).*' $argv[2..-1])
		set -l letter (string match -r -g -- '^    -(\w)' $line)
		set -l name (string match -r -g -- '^ +(?:-\w, )?--([a-z-]+)' $line)
		set -l help (string match -r -g -- '^ +.*?  +(\S.*)$' $line)
		set -l value
		string match -qr -- '^ +(?:-\w)?(?:, )? *(?:--[a-z-]+)? \'?[A-Z]' $line; and set value -r
		test -n "$letter"; and complete -c usdtrap -n $argv[1] -s $letter $value -d "$help"
		test -n "$name"; and complete -c usdtrap -n $argv[1] -l $name $value -d "$help"
	end
end

# Each command takes options of its own.
set -l commands (usdtrap -h 2>/dev/null | sed -n '/^COMMANDS:/,/^$/s/^    \([a-z][a-z]*\) .*/\1/p')
__usdtrap_offer "not __fish_seen_subcommand_from $commands" (usdtrap -h 2>/dev/null)
for command in $commands
	test $command = help; and continue
	__usdtrap_offer "__fish_seen_subcommand_from $command" (usdtrap $command -h 2>/dev/null | sed -n '/^OPTIONS:/,/^$/p')
end

complete -c usdtrap -n "not __fish_seen_subcommand_from $commands" -s e -x -a '(__usdtrap_probes)'
complete -c usdtrap -s p -l pid -x -a '(__fish_complete_pids)'
complete -c usdtrap -s c -l cmd -x -a '(__fish_complete_command)'
complete -c usdtrap -n "not __fish_seen_subcommand_from $commands" -s I -x -a '(__fish_complete_directories)'
complete -c usdtrap -s f -l format -x -a 'text json'
complete -c usdtrap -n "not __fish_seen_subcommand_from $commands" -s B -x -a 'line full none'
complete -c usdtrap -n "not __fish_seen_subcommand_from $commands" -l mode -x -a 'test bench format'
complete -c usdtrap -n "not __fish_seen_subcommand_from $commands" -s d -l debug -x -a 'ast all'
complete -c usdtrap -n __usdtrap_lists -f -a '(__usdtrap_probes)'
complete -c usdtrap -n __fish_use_subcommand -a "$commands"
complete -c usdtrap -n '__fish_seen_subcommand_from help; and test (count (commandline -opc)) -eq 2' -f -a "$commands"
complete -c usdtrap -n '__fish_seen_subcommand_from inspect repair; and test (count (commandline -opc)) -eq 2' -f -a '(__fish_complete_pids)'
complete -c usdtrap -n '__fish_seen_subcommand_from inspect; and test (count (commandline -opc)) -eq 3' -f \
	-a "(usdtrap inspect -h 2>/dev/null | sed -n '/PART is/,/^Without/s/^    \([a-z][a-z]*\) .*/\1/p')"
