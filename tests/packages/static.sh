#!/bin/sh
# shellcheck disable=SC2317
# What can be seen of the packages without installing them: static.sh DIR. Ends with 1 if one thing is not as it should be.
set -u
export LC_ALL=C
# The oldest C library that the programs have to run with: Debian 12 has 2.36, Ubuntu 22.04 2.35.
oldest=2.35
dir=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
ok() { echo "ok      packages: $1"; }
bad() { echo "FAILED  packages: $1"; failed=1; }
# check NAME COMMAND...: true is good; what it prints is shown otherwise.
check() {
    what=$1
    shift
    if said=$("$@" 2>&1); then ok "$what"; else bad "$what: $said"; fi
}

for package in apppwd libpam-apppw; do
    for deb in "$dir/${package}"_*.deb; do dpkg-deb -x "$deb" "$work/$package" && dpkg-deb -e "$deb" "$work/$package/DEBIAN"; done
done
module=$(find "$work" -name pam_apppw.so)

has() { readelf -W "$1" "$2" | grep -q "$3"; }
lacks() { ! readelf -W "$1" "$2" | grep "$3"; }
relro() { has -l "$1" GNU_RELRO && has -d "$1" 'FLAGS.*NOW'; }
stack() { readelf -W -l "$1" | grep GNU_STACK | grep -qv 'RWE'; }
wx() { ! readelf -W -l "$1" | grep -E '^ *LOAD.* RWE '; }
path() { lacks -d "$1" -e RPATH -e RUNPATH; }
# The newest symbol version that the program wants of libc.
glibc() {
    newest=$(readelf -W --dyn-syms --version-info "$1" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
    echo "$newest" >"$work/newest"
    [ "$(printf '%s\n' "$newest" "GLIBC_$oldest" | sort -V | tail -n 1)" = "GLIBC_$oldest" ] || { echo "wants $newest"; return 1; }
}
# An example of the help names a file in root's home.
home() { ! strings -n 6 "$1" | sed 's|/root/apppwd\.key||g' | grep -m 3 -e "$HOME/" -e "$PWD" -e '/\.cargo/' -e '/registry/src/'; }
for file in "$work/apppwd/usr/sbin/apppwd" "$work/apppwd/usr/bin/apppw" "$module"; do
    name=${file##*/}
    case $name in
    *.so) ;;
    *) check "$name is position independent" has -h "$file" 'Type: *DYN' && check "$name is a PIE" has -d "$file" 'FLAGS_1.*PIE' ;;
    esac
    check "$name has full RELRO" relro "$file"
    check "$name has no executable stack" stack "$file"
    check "$name has nothing that is writable and executable" wx "$file"
    check "$name has no RPATH" path "$file"
    check "$name names no folder of this machine" home "$file"
    check "$name runs with glibc $oldest" glibc "$file"
    echo "        $name wants at most $(cat "$work/newest")"
done
protector() { readelf -W --dyn-syms "$1" | grep -q __stack_chk_fail; }
check "apppwd's C code (SQLite) has stack protectors" protector "$work/apppwd/usr/sbin/apppwd"
fortified() { readelf -W --dyn-syms "$1" | grep -q '_chk@'; }
check "apppwd's C code is fortified" fortified "$work/apppwd/usr/sbin/apppwd"
six() {
    nm -D --defined-only "$module" | awk '{ print $NF }' | sort | tr '\n' ' ' >"$work/symbols"
    [ "$(cat "$work/symbols")" = "pam_sm_acct_mgmt pam_sm_authenticate pam_sm_chauthtok pam_sm_close_session pam_sm_open_session pam_sm_setcred " ] ||
        { cat "$work/symbols"; return 1; }
}
check "the module exports the six and nothing else" six
needs() { readelf -W -d "$module" | grep NEEDED | grep -v -e 'libpam\.so\.0' -e 'libc\.so\.6' -e 'ld-linux'; [ $? -eq 1 ]; }
check "the module needs libpam and libc only" needs

for deb in "$dir"/apppwd_*.deb "$dir"/libpam-apppw_*.deb; do
    xz() { ar t "$deb" | tr '\n' ' ' | grep -qx 'debian-binary control.tar.xz data.tar.xz '; }
    check "${deb##*/} is packed with xz, as every dpkg reads it" xz
done
control() { sed -n "s/^$2: //p" "$work/$1/DEBIAN/control"; }
same() { [ "$(control libpam-apppw Multi-Arch)" = same ] && [ "$(control apppwd Multi-Arch)" = foreign ]; }
check "libpam-apppw is Multi-Arch: same" same
for package in apppwd libpam-apppw; do echo "        $package depends on: $(control $package Depends)"; done
conffiles() {
    sort "$work"/*/DEBIAN/conffiles | tr '\n' ' ' >"$work/conffiles"
    [ "$(cat "$work/conffiles")" = "/etc/apparmor.d/abstractions/authentication.d/apppw /etc/apparmor.d/apppwd /etc/fail2ban/filter.d/apppwd.conf /etc/fail2ban/jail.d/apppwd.conf /etc/logcheck/ignore.d.server/apppwd " ] ||
        { cat "$work/conffiles"; return 1; }
}
check "conffiles are the five, and apppwd.toml is none" conffiles
# Every crate that is linked in has its paragraph.
crates() {
    for crate in rusqlite tokio argon2 pam-bindings clap subtle; do
        grep -q "^Files: vendor/$crate/" "$work/apppwd/usr/share/doc/apppwd/copyright" || { echo "$crate is missing"; return 1; }
    done
}
check "copyright names the crates" crates
for script in "$work"/*/DEBIAN/p*; do check "${script#"$work/"} is a right sh" sh -n "$script"; done
if command -v lintian >/dev/null 2>&1; then
    lint() { lintian --allow-root --fail-on error,warning,info --display-info --tag-display-limit 0 "$dir"/apppwd_*.deb "$dir"/libpam-apppw_*.deb; }
    check "lintian, informative tags too" lint
else
    echo "SKIPPED packages: lintian isn't installed"
fi
exit $failed
