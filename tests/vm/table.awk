# SPDX-License-Identifier: MIT
#
# Lines "KERNEL CHECK RESULT SECONDS" to a table: a row for each check, a column
# for each of KERNELS. What was skipped is a dash.
{
	if (!($2 in known)) {
		known[$2] = 1
		checks[++count] = $2
		if (length($2) > width)
			width = length($2)
	}
	cell[$2, $1] = $3 == "passed" ? $4 " s" : $3 == "skipped" ? "-" : "FAILED"
	if ($2 != "boot" && $3 == "passed")
		passed[$1]++
}

END {
	columns = split(kernels, kernel, " ")
	printf "%-*s", width, ""
	for (i = 1; i <= columns; i++)
		printf " %10s", kernel[i]
	print ""
	for (row = 1; row <= count; row++) {
		printf "%-*s", width, checks[row]
		for (i = 1; i <= columns; i++)
			printf " %10s", cell[checks[row], kernel[i]]
		print ""
	}
	printf "%-*s", width, "passed"
	for (i = 1; i <= columns; i++)
		printf " %10d", passed[kernel[i]]
	print ""
}
