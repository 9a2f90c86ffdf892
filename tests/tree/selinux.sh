#!/bin/sh
# Unpack Debian's SELinux policy, and the tools that compile modules for it and question it, into a directory:
#
#   selinux.sh DIR       DIR becomes a tree for enter.sh, with the default policy built in its /var/lib/selinux
#
# As unpack.sh: nothing is installed, the machine's mirrors and keyrings are asked, and a second call is instant. Needs root.
# Exit 3: not to be had here, so that a test can skip rather than fail.
set -eu
export LC_ALL=C
umask 022
die() { echo "selinux.sh: $1" >&2; exit "${2:-1}"; }
[ $# -eq 1 ] || die "usage: selinux.sh DIR" 2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$1")"
dir=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || die "apt-get and dpkg-deb are needed" 3
. /etc/os-release
own=${VERSION_CODENAME:?/etc/os-release names no release}

stamp=$(cat "$0" "$here/apt.sh" "$here/sources.sh" | sha256sum | cut -c1-64)-$own
is_done() { [ -f "$dir/.apppw-tree" ] && [ "$(head -n 1 "$dir/.apppw-tree")" = "$stamp" ]; }
is_done && exit 0
exec 9>"$dir.lock"
flock 9
is_done && exit 0
if [ -e "$dir" ] && [ ! -f "$dir/.apppw-tree" ] && [ -n "$(ls -A "$dir")" ]; then
    die "$dir exists and is not a tree of mine: remove it yourself"
fi

. "$here/apt.sh"
new=$dir.new
trap 'rm -rf "$apt" "$new"' EXIT
trap 'exit 1' HUP INT TERM
apt_fails=3
own_apt "$own" "$own" "$ID"
echo "selinux.sh: fetching policy and tools of $own" >&2
run_apt update
# Of selinux-policy-default only its files are wanted: what it depends on is a machine's.
run_apt install --yes --no-install-recommends --download-only bash coreutils dash findutils sed grep gawk make m4 bzip2 python3 libc-bin \
    selinux-policy-dev checkpolicy semodule-utils policycoreutils setools
(cd "$apt/cache/archives" && run_apt download selinux-policy-default)

rm -rf "$new"
mkdir -p "$new/usr/bin" "$new/usr/sbin" "$new/usr/lib" "$new/usr/lib64"
for d in bin sbin lib lib64; do ln -s "usr/$d" "$new/$d"; done
for deb in "$apt"/cache/archives/*.deb; do
    case $(basename "$deb") in
        perl_*|libperl*|debconf_*|dpkg_*|usrmerge_*) continue ;;
    esac
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$new" --keep-directory-symlink --numeric-owner --same-permissions \
        --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
        --exclude='./usr/share/info/*' --exclude='./usr/share/lintian/*' --exclude='./usr/share/perl*'
done
ln -sf gawk "$new/usr/bin/awk"
mkdir -p "$new/proc" "$new/sys" "$new/dev" "$new/run" "$new/tmp" "$new/mnt" "$new/etc" "$new/root"
chmod 1777 "$new/tmp"
: >"$new/dev/null"
echo "root:x:0:0::/root:/bin/sh" >"$new/etc/passwd"
echo "root:x:0:" >"$new/etc/group"
printf 'SELINUX=permissive\nSELINUXTYPE=default\n' >"$new/etc/selinux/config"

# shellcheck disable=SC2016 # for the shell inside
chroot "$new" /bin/sh -c 'semodule -n -s default -X 100 -i /usr/share/selinux/default/*.pp.bz2' >"$apt/log" 2>&1 ||
    { cat "$apt/log" >&2; die "semodule can't build the policy"; }
rm -f "$new/dev/null"
echo "$stamp" >"$new/.apppw-tree"
if [ -e "$dir" ]; then rm -rf "$dir.old"; mv "$dir" "$dir.old"; rm -rf "$dir.old"; fi
mv "$new" "$dir"
echo "selinux.sh: $dir is ready ($(du -sm "$dir" | cut -f1) MB)" >&2
