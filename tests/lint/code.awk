# SPDX-License-Identifier: MIT
# Prints C with its comments blanked out, and each line as FILE:LINE:TEXT. Strings and character constants stay, so that
# a "/*" inside one begins nothing.

FNR == 1 {
	in_comment = 0
}

{
	rest = $0
	code = ""
	while (rest != "") {
		if (in_comment) {
			end = index(rest, "*/")
			if (!end)
				break
			rest = substr(rest, end + 2)
			in_comment = 0
		} else if (match(rest, /"([^"\\]|\\.)*"|'([^'\\]|\\.)*'|\/\*|\/\//)) {
			code = code substr(rest, 1, RSTART - 1)
			found = substr(rest, RSTART, RLENGTH)
			rest = substr(rest, RSTART + RLENGTH)
			if (found == "//")
				break
			else if (found == "/*")
				in_comment = 1
			else
				code = code found
		} else {
			code = code rest
			break
		}
	}
	print FILENAME ":" FNR ":" code
}
