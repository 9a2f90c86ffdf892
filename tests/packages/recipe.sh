# shellcheck shell=sh disable=SC2016,SC2317
# The recipe of the README, command by command as it stands there, with the distribution's own Dovecot and Postfix.
#
# Taken is the section "## Dovecot and Postfix on Debian" of README.md: each line `$ ...` in a ```console
# block is run as root on a terminal, and has to end with 0. An id in it stands for the one that the last creation gave. What
# happens between commands stands in HTML comments, which readers don't see:
#
#   <!-- $ COMMAND -->                       a command that readers don't need
#   <!-- answer TEXT -->                     what is typed when the next command asks
#   <!-- imap|smtp USER accepted|refused --> a real login over TLS, with the secret that the last creation gave
#   <!-- imap|smtp USER PASSWORD accepted|refused -->      the same with another password
# shellcheck source=tests/packages/lib.sh
. "$(dirname "$0")/lib.sh"

readme=$here/../../README.md
heading='## Dovecot and Postfix on Debian'
awk -v heading="$heading" '$0 == heading { on = 1; next } on && /^## / { exit } on' "$readme" >"$work/recipe"
# KIND, a tab, and the rest, one for each thing to be done.
awk '
    /^```/ { inside = !inside; console = inside && /^```console/; next }
    console && sub(/^\$ /, "") { sub(/^sudo /, ""); print "run\t" $0; next }
    !inside && /^<!-- \$ .* -->$/ { sub(/^<!-- \$ /, ""); sub(/ -->$/, ""); print "run\t" $0; next }
    !inside && /^<!-- (answer|imap|smtp) .* -->$/ { sub(/^<!-- /, ""); sub(/ -->$/, ""); kind = $1; sub(/^[a-z]+ /, ""); print kind "\t" $0 }
' "$work/recipe" >"$work/story"

# On a terminal, because apppw speaks to people otherwise than to pipes. Under the name that the README calls the packages by.
run() {
    command=$1
    id=$(cat "$work/id" 2>/dev/null || true)
    [ -z "$id" ] || command=$(printf '%s\n' "$command" | sed "s/ap-[0-9a-z]\{8\}/$id/g")
    printf '%s\n' "$command"
    answer=$(cat "$work/answer" 2>/dev/null || true)
    rm -f "$work/answer"
    # A moment late, for what is typed before it is asked for may be thrown away.
    { if [ -n "$answer" ]; then sleep 3; printf '%s\n' "$answer"; sleep 3; fi; } |
        inside sh -c 'cd /root && exec timeout 300 script --quiet --return --command "$1" /dev/null' sh "$command" \
            >"$work/shown" 2>&1 && status=0 || status=$?
    cat "$work/shown"
    if printf '%s\n' "$command" | grep -q '^apppw create'; then
        grep -o 'ap-[0-9a-z]\{8\}' "$work/shown" | head -n 1 >"$work/id"
        grep -oE '[0-9a-z]{4}(-[0-9a-z]{4}){3,5}' "$work/shown" | head -n 1 >"$work/secret"
        test -s "$work/secret" || die "the creation shows no secret"
    fi
    return "$status"
}

# mail PROTOCOL USER [PASSWORD] accepted|refused
mail() {
    protocol=$1 user=$2
    shift 2
    if [ $# -eq 2 ]; then password=$1 wanted=$2; else password=$(cat "$work/secret") wanted=$1; fi
    printf 'user = "%s:%s"\n' "$user" "$password" >"$work/curlrc"
    case $protocol in
    imap) set -- --request 'SELECT INBOX' --url imaps://127.0.0.1/ ;;
    smtp)
        printf 'From: %s\nTo: root@localhost\nSubject: test\n\ntest\n' "$user" >"$work/mail"
        set -- --ssl-reqd --url smtp://127.0.0.1:587/client.example.org --mail-from "$user" --mail-rcpt root@localhost --upload-file "$work/mail"
        ;;
    esac
    curl --silent --show-error --insecure --max-time 60 --config "$work/curlrc" "$@" >"$work/answered" 2>&1 && status=0 || status=$?
    cat "$work/answered"
    echo "curl ended with $status"
    case $wanted:$status in
    # 67: the login was denied.
    accepted:0 | refused:67) ;;
    *)
        if [ -n "$first" ]; then inside journalctl --no-pager --lines 20; else tail -n 5 "$root/run/apppwd.log"; fi
        return 1
        ;;
    esac
}

fresh
if boot; then
    echo "        $release $scenario: under the distribution's own systemd"
else
    fresh
    as_if_systemd
    echo "        $release $scenario: systemd doesn't boot here, the activator plays it"
fi
cp "$root"/run/packages/*.deb "$root/root/"
[ -s "$work/story" ] || die "there is no recipe"
commands=0
while IFS="$(printf '\t')" read -r kind rest <&3; do
    case $kind in
    run)
        commands=$((commands + 1))
        step "\$ $rest" run "$rest"
        # What comes after it means nothing.
        [ "$failed" -eq 0 ] || break
        ;;
    answer) printf '%s' "$rest" >"$work/answer" ;;
    *)
        # shellcheck disable=SC2086 # words
        step "$kind $rest" mail $kind $rest
        ;;
    esac
done 3<"$work/story"
[ "$commands" -ge 8 ] || [ "$failed" -ne 0 ] || die "only $commands commands in the recipe"
end
