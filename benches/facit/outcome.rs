//! What was measured, as rows of a table.

use std::time::Duration;

/// One comparison within a run: two rates, and how they stand to each other.
pub struct Row {
    pub what: String,
    pub measured: String,
    pub against: String,
    pub ratio: Option<f64>,
    /// What was aimed for, and whether it came out.
    pub aim: Option<(String, bool)>,
}

impl Row {
    /// Two rates; `least` is the ratio aimed for.
    pub fn rates(what: &str, measured: f64, against: (&str, f64), least: Option<f64>) -> Row {
        let ratio = measured / against.1;
        Row {
            what: what.to_owned(),
            measured: format!("{measured:.0}/s"),
            against: format!("{}: {:.0}/s", against.0, against.1),
            ratio: Some(ratio),
            aim: least.map(|least| (format!("at least {least}"), ratio >= least)),
        }
    }

    /// Two times; `most` is the ratio aimed for.
    pub fn times(what: &str, measured: Duration, against: (&str, Duration), most: f64) -> Row {
        let ratio = measured.as_secs_f64() / against.1.as_secs_f64();
        Row {
            what: what.to_owned(),
            measured: micros(measured),
            against: format!("{}: {}", against.0, micros(against.1)),
            ratio: Some(ratio),
            aim: Some((format!("at most {most}"), ratio <= most)),
        }
    }

    /// Two times that nothing is aimed for.
    pub fn compared(what: &str, measured: Duration, against: (&str, Duration)) -> Row {
        Row { aim: None, ..Row::times(what, measured, against, f64::MAX) }
    }

    /// A number by itself, with what was aimed for.
    pub fn alone(what: &str, measured: String, aim: Option<(&str, bool)>) -> Row {
        Row {
            what: what.to_owned(),
            measured,
            against: String::new(),
            ratio: None,
            aim: aim.map(|(aim, met)| (aim.to_owned(), met)),
        }
    }

    pub fn print(&self) {
        let ratio = self.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let (aim, met) = match &self.aim {
            Some((aim, true)) => (aim.as_str(), "yes"),
            Some((aim, false)) => (aim.as_str(), "**no**"),
            None => ("", ""),
        };
        println!("| {} | {} | {} | {ratio} | {aim} | {met} |", self.what, self.measured, self.against);
    }
}

pub fn micros(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

pub fn heading(title: &str) {
    println!(
        "\n## {title}\n\n| what | measured | against | ratio | aim | met |\n|---|---|---|---|---|---|"
    );
}

/// Runs two contenders by turns, so that whatever else the machine does falls on both, and gives each one's
/// answers a second.
pub fn by_turns(
    rounds: u32,
    slice: Duration,
    mut one: impl FnMut(Duration) -> u64,
    mut other: impl FnMut(Duration) -> u64,
) -> (f64, f64) {
    // Warm.
    one(slice / 4);
    other(slice / 4);
    let (mut ones, mut others) = (0, 0);
    for _ in 0..rounds {
        ones += one(slice);
        others += other(slice);
    }
    let time = slice.as_secs_f64() * f64::from(rounds);
    (ones as f64 / time, others as f64 / time)
}
