# fish completion for apppw(1). `apppw complete` does the work: it gets the words on standard input and
# prints a candidate a line, a tab, and what it is. Nothing it prints is ever evaluated here.

function __apppw_complete
    set -l before (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    printf '%s\0' $before "$current" | command apppw complete fish 2>/dev/null
    # A file is wanted.
    or __fish_complete_path "$current"
end

complete --command apppw --no-files --keep-order --arguments '(__apppw_complete)'
