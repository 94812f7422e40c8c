//! Chance with a fixed seed, and a calendar: the same demo every time.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, Utc, Weekday};
use chrono_tz::Tz;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::domain::dates::start_of_day;

/// Draws numbers. Two with the same seed draw the same.
pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 on and below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let scaled = (u128::from(self.0.next_u64()) * end as u128) >> 64;
        usize::try_from(scaled).unwrap_or_default()
    }

    /// A number from `least` to `most`, both of them possible.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let choices = usize::try_from(most - least + 1).unwrap_or_default();
        least + i64::try_from(self.below(choices)).unwrap_or_default()
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several; the default where there is none.
    pub fn pick<T: Clone + Default>(&mut self, items: &[T]) -> T {
        items.get(self.below(items.len())).cloned().unwrap_or_default()
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// So many of several, each at most once.
    pub fn some_of<T: Clone>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let mut items = items.to_vec();
        self.shuffle(&mut items);
        items.truncate(count);
        items
    }

    /// A day from one to another; the earlier where they are the wrong way round.
    pub fn day(&mut self, first: NaiveDate, last: NaiveDate) -> NaiveDate {
        let days = (last - first).num_days().max(0);
        later(first, self.between(0, days))
    }

    /// A moment of a day's office hours.
    pub fn office_hours(&mut self, zone: Tz, day: NaiveDate) -> DateTime<Utc> {
        at(zone, day, self.between(8 * HOUR, 16 * HOUR))
    }

    /// A moment of a day's last hours.
    pub fn late_evening(&mut self, zone: Tz, day: NaiveDate) -> DateTime<Utc> {
        at(zone, day, self.between(19 * HOUR, 24 * HOUR - 61))
    }
}

const HOUR: i64 = 3600;

/// So many seconds after the day's midnight.
pub fn at(zone: Tz, day: NaiveDate, seconds: i64) -> DateTime<Utc> {
    start_of_day(zone, day) + Duration::seconds(seconds)
}

/// So many days later; the same day for none or fewer.
pub fn later(day: NaiveDate, days: i64) -> NaiveDate {
    day.checked_add_days(Days::new(u64::try_from(days).unwrap_or_default()))
        .unwrap_or(day)
}

/// So many days earlier.
pub fn earlier(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

/// The day itself, or the next that is neither in a weekend nor between Christmas and New Year.
pub fn working_day(day: NaiveDate) -> NaiveDate {
    let day = match (day.month(), day.day()) {
        (12, nth @ 24..) => later(day, 33 - i64::from(nth)),
        (1, 1) => later(day, 1),
        _ => day,
    };
    match day.weekday() {
        Weekday::Sat => later(day, 2),
        Weekday::Sun => later(day, 1),
        _ => day,
    }
}

/// A day of the calendar, for constants.
pub const fn ymd(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(day) => day,
        None => NaiveDate::MIN,
    }
}
