# Type a line into an interactive shell on a terminal of its own and press Tab, then Return:
#
#   zsh type.zsh SHELL PREPARATION LINE
#
# Prints what the terminal showed after Tab. In SHELL `apppw` should be a function that leaves its arguments.
emulate -R zsh
zmodload zsh/zpty zsh/zselect

# Until nothing more is shown for a while: how long a shell takes is not known.
shown() {
    local piece all quiet=0
    while (( quiet < 12 )); do
        if zpty -rt terminal piece 2>/dev/null; then
            all+=$piece quiet=0
        else
            zselect -t 10
            (( quiet++ ))
        fi
    done
    print -rn -- "$all"
}

export TERM=dumb COLUMNS=200 LINES=50 HISTFILE=/dev/null
zpty -b terminal "stty cols 200 rows 50; $1"
shown >/dev/null
zpty -w terminal "$2"
shown >/dev/null
zpty -wn terminal "$3"$'\t'
shown
zpty -wn terminal $'\n'
shown >/dev/null
zpty -d terminal
