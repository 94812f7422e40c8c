//! What evaluating rules (CEL) costs.

use std::hint::black_box;
use std::time::Instant;

use facit::domain::standing::standings;
use facit::service::programmes;
use facit::store;

use crate::outcome::{Row, heading, micros};
use crate::stage::{Folder, filled};

pub fn run() {
    heading("Rules (CEL)");
    let folder = Folder::new();
    let db = folder.database("rules.db");
    filled(&db);
    let read = db.read_now(|conn| {
        let alliance = programmes::in_force(conn, facit::demo::SLUG)?;
        let ids = store::partners::all_ids(conn, alliance.id)?;
        let records = store::records::of(conn, alliance.id, &ids)?;
        Ok::<_, facit::service::Error>((alliance.programme, records))
    });
    let (programme, records) = read.map_err(|e| e.to_string()).expect("records");
    let times = 10;
    let began = Instant::now();
    for _ in 0..times {
        for record in &records {
            black_box(standings(&programme, black_box(record)));
        }
    }
    let each = began.elapsed() / times / u32::try_from(records.len()).unwrap_or(1);
    let what = format!("one partner again on all {} indicators", programme.indicators.len());
    Row::alone(&what, micros(each), None).print();
}
