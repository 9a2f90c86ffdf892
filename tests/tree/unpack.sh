#!/bin/sh
# Unpack the distribution's mail servers into a directory, without installing them.
#
#   unpack.sh SUITE DIR      SUITE: own (this machine's release), trixie, or another Debian codename;
#                            exim: of this machine's release, with Exim in place of Postfix;
#                            cyrus: of this machine's release, with Cyrus IMAP in place of Dovecot and Postfix;
#                            others: of this machine's release, with Prosody and Apache in place of these;
#                            tools: of this machine's release no servers, but fail2ban, node_exporter, shells and systemd's tools
#
# DIR becomes a root file system with Dovecot, Postfix (own release only), saslauthd and the PAM modules: enter.sh
# starts them from it. The machine's own packages, services, users and apt state stay as they are: no maintainer
# script runs, nothing is started, apt gets a state directory of its own. Mirrors and trust come from the machine's
# own apt sources and keyrings; apt checks signatures as always.
#
# Needs no root. As root the files keep their owners, which Postfix and a normal Dovecot need; as a user everything
# belongs to that user, which is enough for a Dovecot without privileges (enter.sh --rootless).
#
# A second call is instant: the stamp DIR/.apppw-tree holds the hash of this script. Exit 3: this machine has no
# mirror for SUITE (an Ubuntu can't make a Debian tree), so that a test can skip rather than fail.
set -eu
export LC_ALL=C
umask 022

die() { echo "unpack.sh: $1" >&2; exit "${2:-1}"; }
[ $# -eq 2 ] || die "usage: unpack.sh SUITE DIR" 2
here=$(cd "$(dirname "$0")" && pwd)
suite=$1
contents=servers
case $suite in tools | exim | cyrus | others) contents=$suite suite=own ;; esac
mkdir -p "$(dirname "$2")"
dir=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")

# Debian and its derivatives only; os-release says which.
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || die "apt-get and dpkg-deb are needed" 3
. /etc/os-release
own=${VERSION_CODENAME:?/etc/os-release names no release}
[ "$suite" != own ] || suite=$own
[ "$suite" = "$own" ] || [ "$ID" = debian ] || die "no Debian mirror in the apt sources of $ID" 3

# Everything that decides what the tree contains. The uid counts, because only root can keep owners.
stamp=$(cat "$0" "$here/accounts.sh" "$here/apt.sh" "$here/sources.sh" | sha256sum | cut -c1-64)-$contents-$suite-$(id -u)
is_done() { [ -f "$dir/.apppw-tree" ] && [ "$(head -n 1 "$dir/.apppw-tree")" = "$stamp" ]; }
is_done && exit 0

# Two test programs may ask for the same tree at once: one makes it, the other waits and finds it made.
exec 9>"$dir.lock"
flock 9
is_done && exit 0
if [ -e "$dir" ] && [ ! -f "$dir/.apppw-tree" ] && [ -n "$(ls -A "$dir")" ]; then
    die "$dir exists and is not a tree of mine: remove it yourself"
fi

packages="bash coreutils dash diffutils sed grep findutils mawk base-passwd base-files libc-bin netbase"
if [ "$contents" = tools ]; then
    packages="$packages zsh fish fail2ban python3-systemd systemd-journal-remote
        prometheus-node-exporter python3-prometheus-client libpam-pwdfile libpam-modules"
else
    packages="$packages dovecot-core dovecot-imapd dovecot-pop3d dovecot-managesieved dovecot-sieve dovecot-submissiond
        sasl2-bin libsasl2-modules libpam-modules libpam-runtime"
    case $contents in
        exim) packages="$packages exim4-daemon-heavy exim4-config util-linux" ;;
        cyrus) packages="$(echo "$packages" | sed 's/dovecot-[a-z0-9]*//g') cyrus-imapd" ;;
        others) packages="$(echo "$packages" | sed 's/dovecot-[a-z0-9]*//g') prosody prosody-modules lua-cyrussasl apache2 libapache2-mod-authnz-pam util-linux" ;;
        *) [ "$suite" != "$own" ] || packages="$packages postfix" ;;
    esac
fi

. "$here/apt.sh"
new=$dir.new
trap 'rm -rf "$apt" "$new"' EXIT
trap 'exit 1' HUP INT TERM
own_apt "$own" "$suite" "$ID"
echo "unpack.sh: fetching packages of $suite" >&2
run_apt update
if [ "$contents" = others ]; then
    # Not in every part of every archive (Ubuntu: universe).
    for name in prosody prosody-modules lua-cyrussasl apache2 libapache2-mod-authnz-pam; do
        apt-cache -c="$apt/apt.conf" show "$name" >/dev/null 2>&1 || die "no $name in the machine's apt sources" 3
    done
fi
# shellcheck disable=SC2086 # a list of words
run_apt install --yes --no-install-recommends --download-only $packages

# A merged /usr before the first package: older packages bring bin/ and lib/ as directories, and
# --keep-directory-symlink then unpacks through the links. What no server reads at run time stays out.
rm -rf "$new"
mkdir -p "$new/usr/bin" "$new/usr/sbin" "$new/usr/lib" "$new/usr/lib64"
for d in bin sbin lib lib64; do ln -s "usr/$d" "$new/$d"; done
owners=--no-same-owner
[ "$(id -u)" -ne 0 ] || owners=--same-owner
: >"$apt/versions"
for deb in "$apt"/cache/archives/*.deb; do
    name=$(basename "$deb"); name=${name%%_*}
    case $contents:$name in exim:libperl*) name=exim-libperl ;; esac      # Exim is linked with it
    case $name in
        perl|perl-*|libperl*|debconf|e2fsprogs|dpkg|usrmerge) continue ;;   # for maintainer scripts only
        dovecot-core|postfix|exim4-daemon-heavy|cyrus-imapd|prosody|apache2|sasl2-bin|libpam-modules|fail2ban) dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb" >>"$apt/versions" ;;
    esac
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$new" --keep-directory-symlink --numeric-owner --same-permissions $owners \
        --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
        --exclude='./usr/share/info/*' --exclude='./usr/share/lintian/*' --exclude='./usr/share/perl*'
done

. "$here/accounts.sh"       # users, groups, PAM defaults: what the maintainer scripts would have made
make_accounts "$new"

{ echo "$stamp"; cat "$apt/versions"; } >"$new/.apppw-tree"
if [ -e "$dir" ]; then rm -rf "$dir.old"; mv "$dir" "$dir.old"; rm -rf "$dir.old"; fi
mv "$new" "$dir"
echo "unpack.sh: $dir is ready ($(du -sm "$dir" | cut -f1) MB)" >&2
