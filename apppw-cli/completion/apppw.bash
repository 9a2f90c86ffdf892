# bash completion for apppw(1). `apppw complete` does the work: it gets the words on standard input and
# prints a candidate a line, quoted as the line needs it. Nothing it prints is ever evaluated here.

_apppw() {
    # Bytes: COMP_POINT counts them.
    local LC_ALL=C candidates
    COMPREPLY=()
    candidates=$(printf '%s\0' "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" |
        command apppw complete bash 2>/dev/null) || {
        # A file is wanted.
        compopt -o default 2>/dev/null
        return 0
    }
    [ -z "$candidates" ] || mapfile -t COMPREPLY <<<"$candidates"
}

complete -F _apppw apppw
