# SPDX-License-Identifier: MIT
# bash completion for usdtrap. Options come from its help and probes from its listing, so that nothing here grows old.
# shellcheck shell=bash

# Splits the line up to the cursor into `words', quotes kept; the last one, which may be empty, is to be completed. To bash
# ':' and '=' end words as well, and here they do not.
__usdtrap_split() {
	local line=${COMP_LINE:0:COMP_POINT} character quote='' word='' i

	words=()
	for ((i = 0; i < ${#line}; i++)); do
		character=${line:i:1}
		if [[ -z $quote && $character == [[:blank:]] ]]; then
			[[ -z $word ]] || words+=("$word")
			word=''
			continue
		fi
		word+=$character
		if [[ $character == "$quote" ]]; then
			quote=''
		elif [[ -z $quote && $character == [\'\"] ]]; then
			quote=$character
		fi
	done
	words+=("$word")
}

# The value that option $1, or $2, has on the line.
__usdtrap_value() {
	local i

	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		case ${words[i]} in
		"$1" | "$2")
			printf '%s' "${words[i + 1]}"
			;;
		"$2"=*)
			printf '%s' "${words[i]#*=}"
			;;
		esac
	done
}

# Files for what stands behind "usdt:", as usdt:FILE:, and folders.
__usdtrap_files() {
	local type=$1 start=$2 file

	while IFS= read -r file; do
		if [[ -d $file ]]; then
			printf '%s\n' "$type:$file/"
		else
			printf '%s\n' "$type:$file:"
		fi
	done < <(compgen -f -- "$start")
	# A word without a slash is a program of PATH.
	if [[ -n $start && $start != */* ]]; then
		compgen -c -- "$start" | sort -u | sed "s/^/$type:/; s/\$/:/"
	fi
}

# Probes that begin as $2 does, a line each; $1 is the usdtrap to ask.
__usdtrap_probes() {
	local usdtrap=$1 word=$2 pid type rest file

	pid=$(__usdtrap_value -p --pid)
	type=${word%%:*}
	if [[ $word != *:* ]]; then
		printf '%s\n' begin end interval: profile: tracepoint: uprobe: uretprobe: usdt:
		return
	fi
	rest=${word#*:}
	case $type in
	interval | i | profile | p | tracepoint | t)
		"$usdtrap" -l "$type:*" 2>/dev/null | sed "s/^[^:]*/$type/"
		;;
	usdt | U | uprobe | u | uretprobe | ur)
		if [[ -n $pid && $rest != */* ]]; then
			# With a process, names alone will do.
			"$usdtrap" -l "$type:*" -p "$pid" 2>/dev/null | sed "s/.*:/$type:/" | sort -u
		elif [[ $rest != *:* ]]; then
			__usdtrap_files "$type" "$rest"
		else
			file=${rest%%:*}
			# The file as it was typed: the listing may know it by another name.
			"$usdtrap" -l "$type:$file:*" 2>/dev/null | while IFS= read -r probe; do
				probe=${probe#*:}
				printf '%s\n' "$type:$file:${probe#*:}"
				# usdt:FILE:NAME means the same as usdt:FILE:PROVIDER:NAME.
				[[ $type != usdt && $type != U ]] || printf '%s\n' "$type:$file:${probe##*:}"
			done
		fi
		;;
	esac
}

# Completes the probe at the end of word $2, which may be a whole program: 'BEGIN { } usdt:/bin/x:
__usdtrap_complete_probe() {
	local usdtrap=$1 word=$2 quote='' before start probe

	if [[ $word == [\'\"]* ]]; then
		quote=${word:0:1}
		word=${word:1}
	fi
	start=${word##*[[:blank:],\{\}\;]}
	before=${word:0:${#word}-${#start}}
	while IFS= read -r probe; do
		if [[ $probe == "$start"* ]]; then
			COMPREPLY+=("$before$probe")
		fi
	done < <(__usdtrap_probes "$usdtrap" "$start")
	# A probe is seldom all that was to be typed.
	compopt -o nospace 2>/dev/null
	# Outside of quotes bash takes a colon for the end of a word: only what stands behind it is wanted.
	if [[ -z $quote && $COMP_WORDBREAKS == *:* ]]; then
		COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*:}"}"}")
	fi
}

__usdtrap_complete_words() {
	local word=$1

	shift
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$word")
}

_usdtrap() {
	local usdtrap=$1 word previous names command='' words=()

	COMPREPLY=()
	__usdtrap_split
	word=${words[${#words[@]} - 1]}
	previous=${words[${#words[@]} - 2]}
	if [[ $word == --*=* ]]; then
		previous=${word%%=*}
		word=${word#*=}
	fi
	[[ ${#words[@]} -le 2 ]] || command=${words[1]}

	case $previous in
	-p | --pid)
		__usdtrap_complete_words "$word" "$(cd /proc && printf '%s ' [0-9]*)"
		return
		;;
	-c | --cmd)
		mapfile -t COMPREPLY < <(compgen -c -- "$word" | sort -u)
		return
		;;
	-o | --output | --include)
		compopt -o default 2>/dev/null
		return
		;;
	-I | --debuginfo)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		compopt -o filenames 2>/dev/null
		return
		;;
	-f | --format)
		__usdtrap_complete_words "$word" text json
		return
		;;
	-B)
		__usdtrap_complete_words "$word" line full none
		return
		;;
	--mode)
		__usdtrap_complete_words "$word" test bench format
		return
		;;
	-d | --debug)
		__usdtrap_complete_words "$word" ast all
		return
		;;
	--queue | --probe-filter | --no-feature)
		return
		;;
	-e | -l | --list | -lv | -vl)
		if [[ $word != -* ]]; then
			__usdtrap_complete_probe "$usdtrap" "$word"
			return
		fi
		;;
	esac

	if [[ $word == -* ]]; then
		# A command's own, or those of a script; both are in the same layout.
		[[ $command =~ ^[a-z]+$ ]] || command=''
		names=$("$usdtrap" ${command:+"$command"} -h 2>/dev/null | grep -oE -e '^    (-.|  )(, |  )?(--[a-z-]+)?' | grep -oE -e '-[-a-zA-Z]+')
		__usdtrap_complete_words "$word" "$names"
		return
	fi
	case $command in
	list | explain | why | discover | cover | expect | top | flame)
		__usdtrap_complete_probe "$usdtrap" "$word"
		return
		;;
	repair | inspect)
		if [[ $previous == "$command" ]]; then
			__usdtrap_complete_words "$word" "$(cd /proc && printf '%s ' [0-9]*)"
			return
		fi
		if [[ $command == inspect && ${#words[@]} -eq 4 ]]; then
			names=$("$usdtrap" inspect -h 2>/dev/null | sed -n '/PART is/,/^Without/s/^    \([a-z]*\) .*/\1/p')
			__usdtrap_complete_words "$word" "$names"
			return
		fi
		;;
	esac
	if [[ ${#words[@]} -eq 2 || ($command == help && ${#words[@]} -eq 3) ]]; then
		names=$("$usdtrap" -h 2>/dev/null | sed -n '/^COMMANDS:/,/^$/s/^    \([a-z][a-z]*\).*/\1/p')
		__usdtrap_complete_words "$word" "$names"
	fi
	[[ $command != help ]] || return
	# Scripts, and what a script's parameters may be.
	compopt -o default 2>/dev/null
}

complete -F _usdtrap usdtrap
