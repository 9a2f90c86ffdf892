//! Spans, days and times as they are typed on the command line.

use apppw::fuzzed::{Since, TypedId, Until, date, since, until};
use apppw_admin::AppPasswordId;
use apppw_admin::span::Span;

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let span = text.parse::<Span>();
    if let Ok(span) = span {
        assert!((1..=Span::MAX_SECONDS).contains(&span.seconds()), "{text}");
        assert_eq!(span.to_string().parse(), Ok(span), "{text} is {span}");
        let (digits, unit) = text.split_at(text.len() - 1);
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 604_800,
            "y" => 31_536_000,
            _ => panic!("{text} has no unit"),
        };
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(digits.parse::<i64>().map(|number| number * unit), Ok(span.seconds()));
    }
    match until(&text) {
        Ok(Until::Never) => assert_eq!(text, "never"),
        Ok(Until::After(after)) => assert_eq!(span, Ok(after)),
        Ok(Until::EndOf(day)) => assert_eq!(day.to_string(), text, "a day is written in one way"),
        Err(why) => assert!(why.len() < 200 && span.is_err(), "{why}"),
    }
    match since(&text) {
        Ok(Since::Ago(ago)) => assert_eq!(span, Ok(ago)),
        Ok(Since::Day(day)) => assert_eq!(Ok(day), date(&text)),
        Ok(Since::At(at)) => {
            // From the year -9999 to 9999: what the calendar has.
            assert!((-377_705_116_800..=253_402_300_799).contains(&at), "{at}");
        }
        Err(why) => assert!(why.len() < 250 && span.is_err(), "{why}"),
    }
    let Ok(id) = text.parse::<TypedId>();
    match id {
        TypedId::Whole(id) => {
            let bare = text.to_ascii_lowercase();
            assert_eq!(id.to_string().trim_start_matches("ap-"), bare.strip_prefix("ap-").unwrap_or(&bare));
        }
        TypedId::Part(part) => {
            assert_eq!(part, text);
            assert!(text.parse::<AppPasswordId>().is_err());
        }
    }
}
