//! What is written: the files of `packaging/`, as they are and as the tests of the servers run them.

macro_rules! packaged {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/", $name))
    };
}

pub const APP_PASSWORDS_ONLY: &str = packaged!("pam/app-passwords-only");
pub const PRIMARY_WHERE_PERMITTED: &str = packaged!("pam/primary-where-permitted");
pub const SYSTEM_USERS: &str = packaged!("pam/system-users");

pub const DOVECOT_2_3: &str = packaged!("dovecot/2.3/auth-apppw.conf.ext");
pub const DOVECOT_2_4: &str = packaged!("dovecot/2.4/auth-apppw.conf.ext");
/// The same for 2.3 and 2.4.
pub const DOVECOT_FOR_POSTFIX: &str = packaged!("dovecot/2.3/postfix-auth.conf");

pub const POSTFIX_BY_DOVECOT: &str = packaged!("postfix/main-dovecot-sasl.cf");
pub const POSTFIX_BY_SASLAUTHD: &str = packaged!("postfix/main-saslauthd.cf");
pub const POSTFIX_SUBMISSION: &str = packaged!("postfix/master-submission.cf");
pub const CYRUS_BY_SASLAUTHD: &str = packaged!("cyrus/imapd-saslauthd.conf");
pub const EXIM_BY_DOVECOT: &str = packaged!("exim/auth-dovecot");
pub const DOVECOT_FOR_EXIM: &str = packaged!("exim/dovecot-auth.conf");
pub const APACHE_LOCATION: &str = packaged!("apache/location.conf");
pub const SASL_PROSODY: &str = packaged!("prosody/sasl-prosody.conf");
pub const SASL_SMTPD: &str = packaged!("postfix/sasl-smtpd.conf");

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_have_one_text_for_the_socket_of_postfix() {
        assert_eq!(super::DOVECOT_FOR_POSTFIX, packaged!("dovecot/2.4/postfix-auth.conf"));
    }
}
