# Prints the targets of a Makefile with the text behind their `##`, under the headings after `##@`.
/^##@ / { printf "%s%s\n", (headings++ ? "\n" : ""), substr($0, 5) }
/^[a-z][a-z-]*:.* ## / {
    split($0, target, ":")
    sub(/^.* ## /, "")
    printf "  make %-12s %s\n", target[1], $0
}
