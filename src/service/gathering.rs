//! What a long write keeps in memory until its end: where its journal has come to, and its running counts.
//! Written with each row of an import, a thousand versions of them would be read past for the next.

use super::Result;
use crate::db::Conn;
use crate::domain::id::AllianceId;
use crate::store;
use crate::store::journal::Head;
use crate::store::tallies::Gathered;

/// One alliance's, within one transaction, whose other readers see nothing of it before `write`.
#[derive(Debug)]
pub struct Gathering {
    pub(super) alliance: AllianceId,
    /// None until something was journalled.
    pub(super) head: Option<Head>,
    pub(super) counts: Gathered,
    head_before: Option<Head>,
}

impl Gathering {
    pub fn new(alliance: AllianceId) -> Gathering {
        Gathering {
            alliance,
            head: None,
            counts: Gathered::new(alliance),
            head_before: None,
        }
    }

    /// From here on a step begins that can be taken back alone.
    pub fn begin(&mut self) {
        self.head_before = self.head;
        self.counts.begin();
    }

    /// Takes the step back: as if nothing had happened since it began.
    pub fn take_back(&mut self) {
        self.head = self.head_before;
        self.counts.take_back();
    }

    /// Writes what need not wait, where it has become much. Only between steps.
    pub fn make_room(&mut self, conn: &mut Conn) -> Result<()> {
        Ok(self.counts.make_room(conn)?)
    }

    /// Writes all that waits.
    pub fn write(&mut self, conn: &mut Conn) -> Result<()> {
        if let Some(head) = self.head.take() {
            store::journal::move_head(conn, self.alliance, head)?;
        }
        Ok(self.counts.write(conn)?)
    }
}
