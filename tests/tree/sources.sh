#!/bin/sh
# Print apt sources for another release on the mirrors this machine already uses: sources.sh OWN WANTED ID
#
# Taken are only the entries of the distribution's own archive (release OWN, component main, signed by its archive
# keyring or by default): a third party's repository has no packages that the tree needs, and no other release.
set -eu
own=$1 wanted=$2 id=$3

keyring=
for k in "/usr/share/keyrings/$id-archive-keyring.pgp" "/usr/share/keyrings/$id-archive-keyring.gpg"; do
    [ ! -f "$k" ] || keyring=$k
done
[ -n "$keyring" ] || { echo "sources.sh: no $id archive keyring in /usr/share/keyrings" >&2; exit 1; }

# Both forms become lines "URI SUITE COMPONENTS...", one suite each.
one_line() {
    sed -n -e 's/#.*//' -e 's/^[[:space:]]*deb[[:space:]]\{1,\}//p' "$@" | awk '
        { signed = ""
          if (match($0, /\[[^]]*\]/)) {
              options = substr($0, RSTART, RLENGTH); $0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH)
              if (match(options, /signed-by=[^] ]+/)) signed = substr(options, RSTART, RLENGTH) }
          if (signed == "" || signed ~ /-archive-/) print }'
}
deb822() {
    for f in "$@"; do grep -v '^#' "$f"; echo; done | awk -v RS= -F '\n' '
        { split("", v); field = ""
          for (i = 1; i <= NF; i++) {
              if ($i ~ /^[ \t]/) { v[field] = v[field] " " $i; continue }      # a continued value
              field = tolower(substr($i, 1, index($i, ":") - 1)); v[field] = substr($i, index($i, ":") + 1) }
          if (v["types"] !~ /(^|[ \t])deb([ \t]|$)/ || tolower(v["enabled"]) ~ /no/) next
          if (v["signed-by"] != "" && v["signed-by"] !~ /-archive-/) next
          n = split(v["uris"], uri, " "); m = split(v["suites"], suite, " ")
          for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) print uri[i], suite[j], v["components"] }'
}

{
    for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do [ ! -f "$f" ] || one_line "$f"; done
    for f in /etc/apt/sources.list.d/*.sources; do [ ! -f "$f" ] || deb822 "$f"; done
} | awk -v own="$own" -v wanted="$wanted" -v id="$id" -v keyring="$keyring" '
    # The archive path (/debian, /debian-security, /ubuntu, /ubuntu-ports) tells it from a third party.
    $1 !~ "/" id "(-security|-ports)?(/|$)" { next }
    {
        pocket = $2; sub("^(" own "|stable|oldstable)", "", pocket)
        if (pocket == $2 || (pocket != "" && pocket != "-updates" && pocket != "-security")) next
        parts = ""
        for (i = 3; i <= NF; i++) if ($i == "main" || $i == "universe") parts = parts " " $i
        if (parts == "" || seen[$1 wanted pocket]++) next
        print "deb [signed-by=" keyring "] " $1 " " wanted pocket parts
    }'
