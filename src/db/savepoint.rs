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
    execute(conn, "SAVEPOINT step")?;
    match work(conn) {
        Ok(value) => {
            execute(conn, "RELEASE SAVEPOINT step")?;
            Ok(value)
        }
        Err(refused) => {
            execute(conn, "ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step")?;
            Err(refused)
        }
    }
}

fn execute(conn: &mut Conn, statement: &str) -> Result<()> {
    Ok(conn.batch_execute(statement)?)
}
