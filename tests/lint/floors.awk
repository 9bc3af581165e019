# SPDX-License-Identifier: MIT
# Reads code.awk's output and complains about lines that break the floors (docs/floors.md).

BEGIN {
	FS = ":"

	# The headers that each folder may include. lang and cli are embedders: they see base and the public headers.
	may["base"] = "base/"
	may["arch"] = "base/ arch/"
	may["elf"] = "base/ elf/"
	may["argspec"] = "base/ arch/ argspec/"
	may["os"] = "base/ arch/ elf/ argspec/ os/"
	may["trace"] = "base/ arch/ elf/ argspec/ os/ trace/"
	may["lang"] = "base/ lang/"
	may["cli"] = "base/ lang/program.h cli/"
	may["usdtrap"] = "" # the public headers include each other as <usdtrap/...>

	# Who alone may call or name what. cli waits for its own child, the engine's process.
	calls("ptrace|process_vm_readv|process_vm_writev", "os")
	calls("waitpid|waitid|wait3|wait4", "os cli")
	calls("getopt|getopt_long|isatty", "cli")
	names("<getopt[.]h>", "cli")
	names("\"/proc", "os")
	names("<libelf[.]h>|<gelf[.]h>", "elf")
	names("<capstone/[a-z0-9]+[.]h>", "arch")
	names("<libunwind[a-z-]*[.]h>", "trace")

	# What is true of one kind of processor only.
	names("user_regs(_struct)?|user_fpregs(_struct)?|user_fpxregs(_struct)?", "arch")
	names("__x86_64__|__i386__|__aarch64__|NT_X86_XSTATE|0[xX][cC][cC]", "arch")
	names("[er](ip|sp|bp|ax|bx|cx|dx|si|di|flags)", "arch")
}

function calls(words, folders) {
	rules++
	patterns[rules] = "(^|[^A-Za-z0-9_])(" words ") *[(]"
	owners[rules] = folders
	is_call[rules] = 1
}

function names(words, folders) {
	rules++
	patterns[rules] = "(^|[^A-Za-z0-9_])(" words ")([^A-Za-z0-9_]|$)"
	owners[rules] = folders
}

function complain(text) {
	print $1 ":" $2 ": " text
	failed = 1
}

{
	text = $0
	sub(/^[^:]*:[^:]*:/, "", text)
	split($1, parts, "/")
	folder = parts[2]
}

!(folder in may) {
	complain("the folder " folder " is on no floor")
	may[folder] = ""
}

text ~ /^# *include "/ {
	header = text
	sub(/^[^"]*"/, "", header)
	sub(/".*/, "", header)
	allowed = header == "config.h"
	count = split(may[folder], list, " ")
	for (i = 1; i <= count; i++)
		if (index(header, list[i]) == 1)
			allowed = 1
	if (!allowed)
		complain("may not include \"" header "\", only: " (may[folder] ? may[folder] : "<usdtrap/...>"))
}

{
	# What is called is not in quotes: scripts have a getopt() of their own.
	code = text
	gsub(/"([^"\\]|\\.)*"/, "", code)
	for (i = 1; i <= rules; i++)
		if ((is_call[i] ? code : text) ~ patterns[i] && !index(" " owners[i] " ", " " folder " "))
			complain("only these folders may say that: " owners[i])
}

END {
	exit failed
}
