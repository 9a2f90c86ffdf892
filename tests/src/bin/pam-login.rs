//! `pam-login SERVICE USER`: one login through libpam and /etc/pam.d as they are where it runs, with the password from
//! standard input. Says the codes of both phases, and ends with 0 if both are a success.
//!
//! `pam-login --until FILE SERVICE USER`: login after login, 25 a second, until there is FILE; says how many there were, and ends
//! with 0 if each was a success.

use apppw_tests::pam::{Code, Login};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

const BETWEEN: Duration = Duration::from_millis(40);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password).expect("a password on standard input");
    let password = password.trim_end_matches('\n');
    let all_well = match args[..] {
        ["--until", file, service, user] => many(Path::new(file), service, user, password),
        [service, user] => {
            let [auth, account] = once(service, user, password);
            println!("auth {auth:?}, account {account:?}");
            [auth, account] == [Code::SUCCESS; 2]
        }
        _ => panic!("pam-login [--until FILE] SERVICE USER"),
    };
    if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Also the account phase of who was refused: what a careless host would ask.
fn once(service: &str, user: &str, password: &str) -> [Code; 2] {
    let login = Login::new(service, user).password(password);
    let mut transaction = login.start_in(Path::new("/etc/pam.d"));
    [transaction.authenticate(), transaction.acct_mgmt()]
}

fn many(until: &Path, service: &str, user: &str, password: &str) -> bool {
    let (mut all, mut refused, mut longest) = (0, 0, Duration::ZERO);
    while !until.exists() {
        let begun = Instant::now();
        let codes = once(service, user, password);
        all += 1;
        longest = longest.max(begun.elapsed());
        if codes != [Code::SUCCESS; 2] {
            refused += 1;
            println!("login {all}: {codes:?}");
        }
        thread::sleep(BETWEEN.saturating_sub(begun.elapsed()));
    }
    println!("{all} logins, {refused} refused, the longest took {} ms", longest.as_millis());
    all > 0 && refused == 0
}
