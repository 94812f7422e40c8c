use std::collections::{HashMap, HashSet};

use super::{Place, Stored, TallyKey, close, inserting, newest};
use crate::db::{Conn, Result};
use crate::domain::figure::Tally;
use crate::domain::id::AllianceId;
use crate::store::OPEN;
use crate::store::series::{self, Named};

/// Running counts on the move, of one alliance, within one transaction: each is read once, however often it
/// moves, and what it was before is closed once. Nobody sees them before they are written.
#[derive(Debug)]
pub struct Gathered {
    alliance: AllianceId,
    moved: HashMap<Place, Moved>,
    /// Rows that are not open any more.
    over: Vec<Stored>,
    /// Series that are there for sure.
    begun: HashSet<i64>,
    /// What stood in `moved` before the step that can still be taken back.
    before: Vec<(Place, Option<Moved>)>,
    begun_in_step: Vec<i64>,
    over_before: usize,
}

/// A count that has moved.
#[derive(Debug, Clone)]
struct Moved {
    /// The row that the database has as open, until the entry that moved it first.
    stored: Option<Stored>,
    open: Stored,
}

/// How many rows wait in memory at most between two steps. What they say of one count lies together, and each page is
/// written to once for all that wait: a tenth as many wrote each page ten times. These take some 25 MB.
const MOST_WAITING: usize = 200_000;

impl Gathered {
    pub fn new(alliance: AllianceId) -> Gathered {
        Gathered {
            alliance,
            moved: HashMap::new(),
            over: Vec::new(),
            begun: HashSet::new(),
            before: Vec::new(),
            begun_in_step: Vec::new(),
            over_before: 0,
        }
    }

    /// Sees to it that a series is there.
    pub fn begin_series(&mut self, conn: &mut Conn, named: Named<'_>) -> Result<()> {
        let id = named.id(self.alliance);
        if self.begun.insert(id) {
            self.begun_in_step.push(id);
            series::begin(conn, self.alliance, named)?;
        }
        Ok(())
    }

    pub fn shift(
        &mut self,
        conn: &mut Conn,
        moves: impl IntoIterator<Item = (TallyKey, Tally)>,
        seq: i64,
    ) -> Result<()> {
        let alliance = self.alliance;
        let place = |key: &TallyKey| (key.series().id(alliance), key.on);
        let moves = moves.into_iter().map(|(key, change)| (place(&key), key, change));
        let moves: Vec<(Place, TallyKey, Tally)> = moves.collect();
        let unread = moves.iter().map(|(place, ..)| *place);
        let unread: Vec<Place> = unread.filter(|place| !self.moved.contains_key(place)).collect();
        let mut stored = newest(conn, &unread)?;
        for (place, key, change) in moves {
            let before = self.moved.remove(&place);
            let (stored, so_far) = match &before {
                None => {
                    let stored = stored.remove(&place).map(|row| Stored { to_seq: seq, ..row });
                    if stored.is_none() {
                        self.begin_series(conn, key.series())?;
                    }
                    let so_far = stored.as_ref().map(Stored::tally);
                    (stored, so_far)
                }
                Some(moved) => {
                    self.over.push(Stored { to_seq: seq, ..moved.open.clone() });
                    (moved.stored.clone(), Some(moved.open.tally()))
                }
            };
            let tally = so_far.unwrap_or_default().plus(change);
            let open = Stored::new(place, tally, (seq, OPEN));
            self.moved.insert(place, Moved { stored, open });
            self.before.push((place, before));
        }
        Ok(())
    }

    /// From here on a step begins that can be taken back alone.
    pub fn begin(&mut self) {
        self.before.clear();
        self.begun_in_step.clear();
        self.over_before = self.over.len();
    }

    /// Takes the step back: as if nothing had moved since it began.
    pub fn take_back(&mut self) {
        self.over.truncate(self.over_before);
        for id in self.begun_in_step.drain(..) {
            self.begun.remove(&id);
        }
        for (place, before) in self.before.drain(..).rev() {
            match before {
                Some(moved) => drop(self.moved.insert(place, moved)),
                None => drop(self.moved.remove(&place)),
            }
        }
    }

    /// Writes what is over where it has become much. Only between steps.
    pub fn make_room(&mut self, conn: &mut Conn) -> Result<()> {
        if self.over.len() < MOST_WAITING {
            return Ok(());
        }
        inserting::insert(conn, std::mem::take(&mut self.over))
    }

    /// Writes all that waits.
    pub fn write(&mut self, conn: &mut Conn) -> Result<()> {
        let mut rows = std::mem::take(&mut self.over);
        let mut closed = Vec::new();
        for Moved { stored, open } in std::mem::take(&mut self.moved).into_values() {
            closed.extend(stored);
            rows.push(open);
        }
        close(conn, &closed)?;
        inserting::insert(conn, rows)
    }
}
