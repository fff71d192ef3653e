//! Cron lines, windows and their time zones.

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::document::diagnostic::{did_you_mean, quoted, shown};
use crate::document::node::{Places, Value};
use crate::document::{Code, Diagnostic, Opening, Window};
use crate::schedule::Schedule;

/// The lines of a window and their zone.
pub(super) fn window(window: &Window, path: &[&str], places: Places<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let at = |rest: &[&str]| places.of(&[path, rest].concat());
    let allow = places.node(&[path, &["allow"]].concat()).map(|node| &node.value);
    if matches!(allow, Some(Value::Seq(openings)) if openings.is_empty()) {
        let message = "a window that never opens lets no change through";
        diagnostics.push(
            Diagnostic::error(Code::InvalidSchedule, at(&["allow"]), message).help(
                "write when it opens, such as `allow: [\"0 9 * * 1-5 for 8h\"]`, or use `suspend: true`",
            ),
        );
    }
    for (number, line) in window.allow.iter().enumerate() {
        if let Err(problem) = line.parse::<Opening>() {
            let message = format!("{} is not a time with a length: {problem}", quoted(line));
            diagnostics.push(
                Diagnostic::error(Code::InvalidSchedule, at(&["allow", &number.to_string()]), message)
                    .help("write a cron line with five fields and a length, such as `0 2 * * 1-5 for 3h`"),
            );
        }
    }
    time_zone(window.time_zone.as_deref(), &[path, &["timeZone"]].concat(), places, diagnostics);
}

/// The cron line of a `CronJob`.
pub(super) fn cron(line: &str, path: &[&str], places: Places<'_>, diagnostics: &mut Vec<Diagnostic>) {
    if let (Ok(_), Some(weekdays)) = (Schedule::parse(line), line.split_whitespace().nth(4))
        && counts_to_seven(weekdays)
    {
        let message = format!("`{}` has a day of week 7, which Kubernetes does not know", shown(line));
        diagnostics.push(
            Diagnostic::error(Code::InvalidSchedule, places.of(path), message)
                .help("Sunday is `0` or `sun`: write `0,5,6` for `5-7`"),
        );
    }
    if let Err(error) = Schedule::parse(line) {
        let help = match line {
            "@hourly" => "write `0 * * * *`",
            "@daily" | "@midnight" => "write `0 0 * * *`",
            "@weekly" => "write `0 0 * * 0`",
            "@monthly" => "write `0 0 1 * *`",
            "@yearly" | "@annually" => "write `0 0 1 1 *`",
            _ => {
                "write minute, hour, day of month, month, day of week, such as `0 3 * * *` for 3 o'clock each night"
            }
        };
        let message = format!("{} is not a cron line: {}", quoted(line), error.problem());
        diagnostics.push(Diagnostic::error(Code::InvalidSchedule, places.of(path), message).help(help));
    }
}

/// Whether days of the week are counted to 7, as crontab(5) has it and a `CronJob` has not.
fn counts_to_seven(weekdays: &str) -> bool {
    let ranges = weekdays.split(',').filter_map(|item| item.split('/').next());
    ranges.flat_map(|range| range.split('-')).any(|day| day.parse() == Ok(7_u32))
}

/// The name of a zone of the IANA database.
pub(super) fn time_zone(
    name: Option<&str>,
    path: &[&str],
    places: Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(name) = name.filter(|name| name.parse::<Tz>().is_err()) else { return };
    let help = did_you_mean(name, TZ_VARIANTS.iter().map(|zone| zone.name()))
        .unwrap_or_else(|| "write a name of the IANA time zone database, such as `Europe/Berlin`".to_owned());
    let message = format!("{} is not a time zone", quoted(name));
    diagnostics.push(Diagnostic::error(Code::InvalidTimeZone, places.of(path), message).help(help));
}
