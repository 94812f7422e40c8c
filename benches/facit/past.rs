//! What was known then must cost about as much as what is known now, however long the journal has become.

use std::time::{Duration, Instant};

use facit::db::Conn;
use facit::domain::dates;
use facit::domain::point::Point;
use facit::service::figures::{self, Asked, Between, By};
use facit::service::patch::Seen;
use facit::service::reports::{self, ReportAt};
use facit::service::{Ctx, Error, partners, past, programmes};
use facit::store;
use serde_json::json;

use crate::crowd::{Crowd, SLUG};
use crate::evidence;
use crate::outcome::{Row, heading};
use crate::stage::Folder;

const MEMBERS: usize = 107;
const TIMES: usize = 40;
/// What each partner does in its turn.
const STEPS: usize = 8;

/// Partners hand in reports and take them back, move, leave and come back, until the journal has so many entries: each
/// hundred of them moves the figures alike.
fn grow(crowd: &Crowd, entries: i64) {
    let mut turn = 0_usize;
    // Before the deadline: until then, what was handed in can be taken back.
    let ctx = Ctx::installation(dates::instant("2023-12-01T12:00:00Z").expect("a time"));
    loop {
        let grown = crowd.db.write_now(|conn| {
            for _ in 0..2000 {
                step(conn, &ctx, crowd, turn)?;
                turn += 1;
            }
            Ok::<_, Error>(store::journal::head(conn, crowd.alliance.id)?.map_or(0, |head| head.size))
        });
        if grown.map_err(|error| error.to_string()).expect("a longer journal") >= entries {
            return;
        }
    }
}

fn step(conn: &mut Conn, ctx: &Ctx, crowd: &Crowd, turn: usize) -> Result<(), Error> {
    let (turn, step) = (turn / STEPS, turn % STEPS);
    let partner = crowd.partners[turn % MEMBERS];
    let round = turn / MEMBERS;
    let at = ReportAt { round: "closing".to_owned(), partner };
    let update = |conn: &mut Conn, change| {
        partners::update(conn, ctx, &crowd.alliance, partner, Some(&Seen::Any), &change).map(drop)
    };
    let area = ["01", "04", "07", "national"][(round + step) % 4];
    match step {
        0 => {
            let answer = if (turn + round).is_multiple_of(3) { "no" } else { "yes" };
            let body = crowd.body(&at.round, &json!({ "new_collaborations": {"value": answer} }));
            let seen = (round > 0).then_some(&Seen::Any);
            reports::save(conn, ctx, &crowd.alliance, &at, seen, body)?;
            reports::submit(conn, ctx, &crowd.alliance, &at, None).map(drop)
        }
        1 => reports::withdraw(conn, ctx, &crowd.alliance, &at, None).map(drop),
        2 | 5 => update(conn, json!({ "area": area })),
        3 | 6 => update(conn, json!({"leftOn": "2024-06-01"})),
        _ => update(conn, json!({"leftOn": null})),
    }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Both by turns, in a transaction each, as a request has it; nothing is kept.
fn compare(crowd: &Crowd, what: &str, size: i64, read: &dyn Fn(&mut Conn, &past::Then)) {
    let ctx = Ctx::installation(facit::api::now());
    let run = |as_of: Option<i64>| {
        let began = Instant::now();
        let done = crowd.db.read_now(|conn| {
            let alliance = programmes::in_force(conn, SLUG)?;
            let then = match as_of {
                Some(size) => past::at(conn, &ctx, &alliance, Point::Size(size))?,
                None => past::Then { known: figures::live(conn, &ctx, &alliance)?, alliance },
            };
            read(conn, &then);
            Ok::<_, Error>(())
        });
        done.map_err(|error| error.to_string()).expect("figures");
        began.elapsed()
    };
    let (mut then, mut now) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        then.push(run(Some(size)));
        now.push(run(None));
    }
    Row::times(&format!("{what} as of {size}"), middle(then), ("live", middle(now)), 5.0).print();
}

pub fn run() {
    heading("The past (SQLite, 107 partners, a journal of 100,000 entries, nothing kept)");
    let folder = Folder::new();
    let crowd = Crowd::of(&folder.database("past.db"), MEMBERS);
    grow(&crowd, 100_000);
    for size in [1_000, 50_000, 99_000] {
        compare(&crowd, "all figures", size, &|conn, then| {
            figures::all(conn, &then.alliance, then.known, &Asked::default()).expect("figures");
        });
    }
    compare(&crowd, "all figures by sector", 50_000, &|conn, then| {
        let asked = Asked { by: Some(By::Sector), ..Asked::default() };
        figures::all(conn, &then.alliance, then.known, &asked).expect("figures");
    });
    compare(&crowd, "one figure", 50_000, &|conn, then| {
        let asked = Asked::default();
        figures::one(conn, &then.alliance, then.known, &asked, "new_collaborations").expect("a figure");
    });
    changes(&crowd);
    evidence::verified(&crowd, &folder);
}

/// What moved a figure costs what moved, and not what there was before.
fn changes(crowd: &Crowd) {
    let ctx = Ctx::installation(facit::api::now());
    let between = |from: i64, to: i64| {
        let times = (0..TIMES / 4).map(|_| {
            let began = Instant::now();
            let changes = crowd.db.read_now(|conn| {
                let alliance = programmes::in_force(conn, SLUG)?;
                let from = past::at(conn, &ctx, &alliance, Point::Size(from))?;
                let to = past::at(conn, &ctx, &alliance, Point::Size(to))?;
                let asked = Between { indicator: "new_collaborations", ..Between::default() };
                figures::between(conn, &from, &to, &asked)
            });
            let changes = changes.map_err(|error| error.to_string()).expect("changes");
            (began.elapsed(), changes.steps.len())
        });
        let times: Vec<_> = times.collect();
        (middle(times.iter().map(|(time, _)| *time).collect()), times[0].1)
    };
    let (late, many) = between(98_900, 99_000);
    let (early, few) = between(1_000, 1_100);
    let what = format!("what moved a figure in 100 entries, late ({many} rows)");
    Row::times(&what, late, (&format!("early ({few} rows)"), early), 2.0).print();
}
