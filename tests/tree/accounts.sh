# Part of unpack.sh: the accounts and PAM defaults that the packages' maintainer scripts would have made.

# make_accounts ROOT
make_accounts() {
    root=$1
    cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
    cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"

    # alice and bob are Unix users with a primary password ("primary-of-alice", "primary-of-bob"; yescrypt and SHA-512
    # crypt: both kinds are in the field). alice@example.org is none of them: virtual users have no entry here.
    cat >>"$root/etc/passwd" <<'END'
dovecot:x:105:105::/usr/lib/dovecot:/usr/sbin/nologin
dovenull:x:106:106::/nonexistent:/usr/sbin/nologin
postfix:x:107:107::/var/spool/postfix:/usr/sbin/nologin
apppwd:x:110:110::/nonexistent:/usr/sbin/nologin
vmail:x:5000:5000::/var/vmail:/usr/sbin/nologin
alice:x:1001:1001::/home/alice:/bin/bash
bob:x:1002:1002::/home/bob:/bin/bash
END
    # postfix is in sasl as on a real host, where the administrator must do this to let smtpd reach saslauthd's socket.
    sed -i 's/^sasl:.*/sasl:x:45:postfix/' "$root/etc/group"
    cat >>"$root/etc/group" <<'END'
dovecot:x:105:
dovenull:x:106:
postfix:x:107:
postdrop:x:108:
apppwd:x:110:
apppw-auth:x:111:
apppw-admin:x:112:
vmail:x:5000:
alice:x:1001:
bob:x:1002:
END
    cut -d: -f1 "$root/etc/passwd" | grep -vx -e alice -e bob | sed 's/$/:*:20000:0:99999:7:::/' >"$root/etc/shadow"
    cat >>"$root/etc/shadow" <<'END'
alice:$y$j9T$apppwTestTreeAlice0.$3EYAEOeHxhl.PmwQ8.b7UApzKMX62r41.AThm26Xtk3:20000:0:99999:7:::
bob:$6$apppwTestTree$X0z4D3/AZUIobmOJw/stGN7jybwrn46I4hMh8nbQIMDOQ/69O.j5aVSnkFRmQRqplabIe.p5LQFJc.4aFvI/f0:20000:0:99999:7:::
END
    chmod 640 "$root/etc/shadow"
    [ "$(id -u)" -ne 0 ] || chown 0:42 "$root/etc/shadow"

    # What pam-auth-update writes on a fresh Debian; /etc/pam.d/other comes with libpam-runtime and includes these.
    mkdir -p "$root/etc/pam.d"
    cat >"$root/etc/pam.d/common-auth" <<'END'
auth	[success=1 default=ignore]	pam_unix.so nullok
auth	requisite			pam_deny.so
auth	required			pam_permit.so
END
    cat >"$root/etc/pam.d/common-account" <<'END'
account	[success=1 new_authtok_reqd=done default=ignore]	pam_unix.so
account	requisite			pam_deny.so
account	required			pam_permit.so
END
    cat >"$root/etc/pam.d/common-session" <<'END'
session	[default=1]			pam_permit.so
session	requisite			pam_deny.so
session	required			pam_permit.so
END
    cp "$root/etc/pam.d/common-session" "$root/etc/pam.d/common-session-noninteractive"
    cat >"$root/etc/pam.d/common-password" <<'END'
password	requisite			pam_deny.so
END

    echo "passwd: files
group: files
shadow: files
hosts: files
services: files
protocols: files" >"$root/etc/nsswitch.conf"
    echo "127.0.0.1 localhost mail.example.org" >"$root/etc/hosts"
    : >"$root/etc/resolv.conf"          # no name leaves the machine
    : >"$root/etc/aliases"
    echo mail.example.org >"$root/etc/mailname"
    [ -e "$root/usr/bin/awk" ] || ln -s mawk "$root/usr/bin/awk"      # update-alternatives' work

    mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp" "$root/mnt" "$root/var/vmail" \
        "$root/var/lib/dovecot" "$root/home/alice" "$root/home/bob"
    [ -e "$root/var/run" ] || ln -s /run "$root/var/run"
    chmod 1777 "$root/tmp"
    if [ "$(id -u)" -eq 0 ]; then
        chown 5000:5000 "$root/var/vmail"
        chown 1001:1001 "$root/home/alice"
        chown 1002:1002 "$root/home/bob"
        if [ -e "$root/usr/sbin/postdrop" ]; then
            mkdir -p "$root/var/lib/postfix"
            chown 107:107 "$root/var/lib/postfix"
            chgrp 108 "$root/usr/sbin/postdrop" "$root/usr/sbin/postqueue"
            chmod 2555 "$root/usr/sbin/postdrop" "$root/usr/sbin/postqueue"
        fi
    fi
}
