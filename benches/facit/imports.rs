//! A file of many rows in one atomic import, against a plain loop that inserts as many bare rows as the import
//! leaves, and against one that inserts the very rows that it leaves, into the same tables.

use std::fmt::Write;
use std::time::{Duration, Instant};

use facit::db::{Conn, Db, Error};
use facit::domain::partner::Partner;
use facit::store;
use facit::store::alliances::{Alliance, ProgrammeVersion};
use facit::store::installation::insert_secret;
use facit::store::journal::{EntryRow, TextRow};
use facit::store::standings::StandingRow;
use facit::store::tallies::TallyRow;

use crate::client::{Connection, request};
use crate::crowd::{Crowd, SLUG};
use crate::outcome::{Row, heading};
use crate::stage::{Folder, Service, key_token, open};
use crate::writes::fresh_postgres;

const ROWS: usize = 10_000;
/// What a row of the import has on average, in bytes.
const WIDTH: usize = 200;
/// The tables that an import of partners writes.
const TABLES: [&str; 6] =
    ["partners", "memberships", "journal_entries", "journal_texts", "standings", "tallies"];

/// Partners of invented names; as many dates of joining as an alliance has.
fn file(crowd: &Crowd) -> String {
    let programme = &crowd.alliance.programme;
    let mut file = "name,sector,area,joinedOn\n".to_owned();
    for row in 0..ROWS {
        let sector = &programme.sectors[row % programme.sectors.len()].key;
        let area = ["01", "04", "07", "national"][row % 4];
        let (year, month) = (row % 4, 1 + row / 4 % 12);
        writeln!(file, "Nr. {row},{sector},{area},202{year}-{month:02}-01").expect("a line");
    }
    file
}

fn import(db: &Db) -> (Duration, usize) {
    let crowd = Crowd::of(db, 0);
    let file = file(&crowd);
    let service = Service::start(db);
    let bearer = key_token(&crowd, &service, "secretariat");
    let path = format!("/v1/alliances/{SLUG}/imports?kind=partners");
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "text/csv"), ("idempotency-key", "bench")];
    let request = request("POST", &path, &headers, &file);
    let before = rows(db);
    let began = Instant::now();
    Connection::open(&service.address).must(&request, 201);
    (began.elapsed(), rows(db) - before)
}

fn rows(db: &Db) -> usize {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        rows: i64,
    }
    let count = |table: &str| {
        let query = format!("SELECT COUNT(*) AS rows FROM {table}");
        let found = db.read_now(|conn| Ok::<_, Error>(diesel::sql_query(&query).load::<Counted>(conn)?));
        found.expect("a count").iter().map(|counted| counted.rows).sum::<i64>()
    };
    TABLES.iter().map(|table| count(table)).sum::<i64>() as usize
}

/// All that an import of partners left in its database.
struct Left {
    alliance: Alliance,
    programmes: Vec<ProgrammeVersion>,
    entries: Vec<EntryRow>,
    texts: Vec<TextRow>,
    partners: Vec<Partner>,
    standings: Vec<StandingRow>,
    tallies: Vec<TallyRow>,
}

impl Left {
    fn read(conn: &mut Conn) -> Result<Left, Error> {
        let alliance = store::alliances::find(conn, SLUG)?.expect("the alliance");
        let id = alliance.id;
        Ok(Left {
            programmes: store::alliances::programmes(conn, id)?,
            entries: store::audit::entries(conn, id, 0, i64::MAX)?,
            texts: store::journal::all_texts(conn, id)?,
            partners: store::partners::all(conn, id)?,
            standings: store::standings::all(conn, id)?,
            tallies: store::tallies::all(conn, id)?,
            alliance,
        })
    }

    /// Inserts every row: no rule, no journal's head, nothing looked up.
    fn insert(&self, conn: &mut Conn) -> Result<(), Error> {
        let id = self.alliance.id;
        let mut partners = self.partners.iter();
        partners.try_for_each(|partner| store::partners::insert(conn, id, partner))?;
        let mut entries = self.entries.iter();
        entries.try_for_each(|entry| store::journal::append(conn, entry, &[]))?;
        self.texts.iter().try_for_each(|text| store::journal::insert_text(conn, text))?;
        store::tallies::insert(conn, id, &self.tallies)?;
        store::standings::insert(conn, self.standings.clone())
    }
}

/// The same rows again, in another database that has nothing but the alliance.
fn same_rows(ours: &Db, plain: &Db) -> Duration {
    let left = ours.read_now(Left::read).expect("the rows");
    let begun = plain.write_now(|conn| {
        store::journal::begin(conn, left.alliance.id, facit::api::now())?;
        store::alliances::insert(conn, &left.alliance)?;
        let mut programmes = left.programmes.iter();
        programmes.try_for_each(|programme| store::alliances::insert_programme(conn, programme))
    });
    begun.map_err(|e: Error| e.to_string()).expect("an alliance");
    let began = Instant::now();
    let inserted = plain.write_now(|conn| left.insert(conn));
    inserted.map_err(|e: Error| e.to_string()).expect("rows");
    began.elapsed()
}

fn bare_rows(db: &Db, rows: usize) -> Duration {
    let began = Instant::now();
    let inserted = db.write_now(|conn| {
        (0..rows).try_for_each(|row| insert_secret(conn, &format!("row {row}"), &[7; WIDTH]))
    });
    inserted.map_err(|e: Error| e.to_string()).expect("rows");
    began.elapsed()
}

/// On SQLite alone it takes half a minute, on PostgreSQL some minutes.
pub fn run(on_postgres: bool) {
    heading("One atomic import of 10,000 partners");
    let folder = Folder::new();
    measure("SQLite", &folder.database("import.db"), &folder.database("plain.db"));
    match fresh_postgres().zip(fresh_postgres()).filter(|_| on_postgres) {
        Some((ours, plain)) => measure("PostgreSQL", &open(&ours), &open(&plain)),
        None => println!("| PostgreSQL | not measured | | | | |"),
    }
}

fn measure(name: &str, ours: &Db, plain: &Db) {
    let (took, rows) = import(ours);
    let against = format!("a plain loop of {rows} inserts, as many rows as it leaves");
    Row::times(name, took, (&against, bare_rows(plain, rows)), 3.0).print();
    let same = "the very rows that it leaves, into the same tables";
    Row::compared("the same", took, (same, same_rows(ours, plain))).print();
}
