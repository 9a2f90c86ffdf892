# Type a line into an interactive shell on a terminal of its own and press Tab:
#
#   zsh type.zsh SHELL PREPARATION LINE          prints what the terminal shows then
#   zsh type.zsh SHELL PREPARATION LINE FILE     presses Return, too, and waits until there is FILE
emulate -R zsh
zmodload zsh/zpty zsh/zselect

# Until nothing more is shown for so many tenths of a second: how long a shell takes is not known.
shown() {
    local piece all quiet=0
    while (( quiet < $1 )); do
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
shown 5 >/dev/null
zpty -w terminal "$2"
# Not as it is typed.
for try in {1..300}; do
    [[ $(shown 1) = *prepared-42* ]] && break
done
if [[ -n $4 ]]; then
    # A shell reads on when it has completed.
    zpty -wn terminal "$3"$'\t\n'
    for try in {1..300}; do
        [[ -e $4 ]] && break
        shown 1 >/dev/null
    done
else
    zpty -wn terminal "$3"$'\t'
    shown 20
fi
zpty -d terminal
