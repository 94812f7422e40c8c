//! A step inside a write that can be taken back alone.

use diesel::connection::SimpleConnection;

use super::{Conn, Error, Result};

/// Runs the work inside a savepoint: where it fails, all that it wrote is taken back, and what the
/// transaction wrote before stands. Steps may be nested. Only inside `Db::write` and its kin.
///
/// Fails besides with what the database says when it can't open or end the savepoint; the whole
/// transaction is then lost, and must fail as well.
pub fn savepoint<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    match step(conn, work) {
        Step { outcome, ended: Ok(()) } => outcome,
        // What the work failed with says why the database gave the transaction up.
        Step { outcome: Err(failed), .. } => Err(failed),
        Step { ended: Err(lost), .. } => Err(E::from(lost)),
    }
}

/// Work done inside a savepoint.
pub(super) struct Step<T, E> {
    /// What the work says.
    pub outcome: Result<T, E>,
    /// Whether the savepoint could be ended. Where not, the whole transaction is lost: SQLite rolls it back
    /// by itself when the disk is full.
    pub ended: Result<()>,
}

pub(super) fn step<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Step<T, E> {
    if let Err(lost) = execute(conn, "SAVEPOINT step") {
        return Step { outcome: Err(E::from(lost.clone())), ended: Err(lost) };
    }
    let outcome = work(conn);
    let ended = execute(
        conn,
        match &outcome {
            Ok(_) => "RELEASE SAVEPOINT step",
            Err(_) => "ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step",
        },
    );
    Step { outcome, ended }
}

fn execute(conn: &mut Conn, statement: &str) -> Result<()> {
    Ok(conn.batch_execute(statement)?)
}
