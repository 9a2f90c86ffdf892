//! An answer on `admin.sock`, as a client reads it, and what it shows of it.

use apppw_admin::Response;
use apppw_admin::text::visible;
use apppw_admin::verbs::{
    Account, Changed, Created, Events, Found, Listed, Metrics, PanicSwitches, Report, Revoked, Shown, Status,
    Users, Verified, Watched,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub fn run(data: &[u8]) {
    let Some((verb, line)) = data.split_first() else { return };
    match verb % 15 {
        0 => both_ways::<Account>(line),
        1 => both_ways::<Changed>(line),
        2 => both_ways::<Created>(line),
        3 => both_ways::<Events>(line),
        4 => both_ways::<Found>(line),
        5 => both_ways::<Listed>(line),
        6 => both_ways::<Metrics>(line),
        7 => both_ways::<PanicSwitches>(line),
        8 => both_ways::<Report>(line),
        9 => both_ways::<Revoked>(line),
        10 => both_ways::<Shown>(line),
        11 => both_ways::<Status>(line),
        12 => both_ways::<Users>(line),
        13 => both_ways::<Verified>(line),
        _ => both_ways::<Watched>(line),
    }
}

fn both_ways<T: DeserializeOwned + Serialize>(line: &[u8]) {
    let response: Response<T> = match serde_json::from_slice(line) {
        Ok(response) => response,
        // As `apppw` says it.
        Err(error) => {
            assert!(!visible(&error.to_string()).contains(char::is_control));
            return;
        }
    };
    let again = response.to_line().expect("plain data");
    let read: Response<T> = serde_json::from_slice(&again).expect("an answer");
    assert_eq!(read.to_line().expect("plain data"), again);
    assert_eq!(
        (read.id, read.ok.is_some(), read.error),
        (response.id, response.ok.is_some(), response.error)
    );
}
