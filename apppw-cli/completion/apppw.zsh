#compdef apppw
# zsh completion for apppw(1). `apppw complete` does the work: it gets the words on standard input and
# prints a candidate a line, a tab, and how the candidate is shown. Nothing it prints is ever evaluated here.

_apppw() {
    emulate -L zsh
    local answer line
    local -a candidates shown
    answer=$(printf '%s\0' "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" |
        command apppw complete zsh 2>/dev/null) || {
        # A file is wanted.
        _files
        return
    }
    for line in "${(@f)answer}"; do
        [[ -n $line ]] || continue
        candidates+=("${line%%$'\t'*}")
        shown+=("${line#*$'\t'}")
    done
    (( $#candidates )) || return 1
    # They fit what was typed, though it may not be their beginning: 7k3 stands for ap-7k3….
    compadd -U -l -d shown -a -- candidates
}

# Read from a file in $fpath, this is the function; sourced, it says what the function is for.
if [[ ${funcstack[1]-} = _apppw ]]; then
    _apppw "$@"
else
    compdef _apppw apppw
fi
