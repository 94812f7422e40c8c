use std::collections::HashMap;

use super::{TallyKey, TallyRow, close, insert, newest};
use crate::db::{Conn, Result};
use crate::domain::figure::Tally;
use crate::domain::id::AllianceId;

/// Running counts on the move, of one alliance, within one transaction: each is read once, however often it
/// moves, and what it was before is closed once. Nobody sees them before they are written.
#[derive(Debug)]
pub struct Gathered {
    alliance: AllianceId,
    moved: HashMap<TallyKey, Moved>,
    /// Rows that are not open any more.
    over: Vec<TallyRow>,
    /// What stood in `moved` before the step that can still be taken back.
    before: Vec<(TallyKey, Option<Moved>)>,
    over_before: usize,
}

/// A count that has moved.
#[derive(Debug, Clone)]
struct Moved {
    /// The row that the database has as open, until the entry that moved it first.
    stored: Option<TallyRow>,
    open: TallyRow,
}

/// How many rows wait in memory at most between two steps.
const MOST_WAITING: usize = 20_000;

impl Gathered {
    pub fn new(alliance: AllianceId) -> Gathered {
        Gathered {
            alliance,
            moved: HashMap::new(),
            over: Vec::new(),
            before: Vec::new(),
            over_before: 0,
        }
    }

    pub fn shift(
        &mut self,
        conn: &mut Conn,
        moves: impl IntoIterator<Item = (TallyKey, Tally)>,
        seq: i64,
    ) -> Result<()> {
        let moves: Vec<(TallyKey, Tally)> = moves.into_iter().collect();
        let unread = moves.iter().map(|(key, _)| key).filter(|key| !self.moved.contains_key(key));
        let mut stored = newest(conn, self.alliance, &unread.collect::<Vec<_>>())?;
        for (key, change) in moves {
            let before = self.moved.remove(&key);
            let (stored, so_far) = match &before {
                None => {
                    let stored = stored.remove(&key).map(|row| TallyRow { to_seq: seq, ..row });
                    let so_far = stored.as_ref().map(TallyRow::tally);
                    (stored, so_far)
                }
                Some(moved) => {
                    self.over.push(TallyRow { to_seq: seq, ..moved.open.clone() });
                    (moved.stored.clone(), Some(moved.open.tally()))
                }
            };
            let tally = so_far.unwrap_or_default().plus(change);
            let open = TallyRow::new(self.alliance, key.clone(), tally, seq);
            self.moved.insert(key.clone(), Moved { stored, open });
            self.before.push((key, before));
        }
        Ok(())
    }

    /// From here on a step begins that can be taken back alone.
    pub fn begin(&mut self) {
        self.before.clear();
        self.over_before = self.over.len();
    }

    /// Takes the step back: as if nothing had moved since it began.
    pub fn take_back(&mut self) {
        self.over.truncate(self.over_before);
        for (key, before) in self.before.drain(..).rev() {
            match before {
                Some(moved) => drop(self.moved.insert(key, moved)),
                None => drop(self.moved.remove(&key)),
            }
        }
    }

    /// Writes what is over where it has become much. Only between steps.
    pub fn make_room(&mut self, conn: &mut Conn) -> Result<()> {
        if self.over.len() < MOST_WAITING {
            return Ok(());
        }
        insert(conn, &std::mem::take(&mut self.over))
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
        insert(conn, &rows)
    }
}
