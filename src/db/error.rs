use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// What the database said, told apart by what a caller can do about it.
#[derive(Debug, Clone)]
pub enum Error {
    /// A unique key exists already. SQLite names no constraint, so the caller knows which from what
    /// it tried.
    Taken,
    /// A foreign key holds or misses the row.
    Referenced,
    /// No such row.
    Absent,
    /// The disk is full, or the database takes no writes for another reason of its own. Reads go on.
    Full(String),
    /// Locked or out of reach: the same request may work later.
    Unreachable(String),
    /// The code inside a transaction panicked; nothing of it was written.
    Panicked(String),
    /// Anything else: a fault of ours.
    Broken(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Taken => f.write_str("a row with this key exists"),
            Error::Referenced => f.write_str("a foreign key refuses this"),
            Error::Absent => f.write_str("no such row"),
            Error::Full(cause) => write!(f, "the database takes no writes: {cause}"),
            Error::Unreachable(cause) => write!(f, "the database is out of reach: {cause}"),
            Error::Panicked(cause) => write!(f, "a transaction panicked: {cause}"),
            Error::Broken(cause) => write!(f, "the database failed: {cause}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Error {
        match error {
            Diesel::NotFound => Error::Absent,
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Error::Taken,
            Diesel::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => Error::Referenced,
            Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, cause) => {
                Error::Unreachable(cause.message().to_owned())
            }
            Diesel::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, cause) => {
                Error::Full(cause.message().to_owned())
            }
            Diesel::DatabaseError(_, cause) if is_full(cause.message()) => {
                Error::Full(cause.message().to_owned())
            }
            Diesel::DatabaseError(_, cause) if is_passing(cause.message()) => {
                Error::Unreachable(cause.message().to_owned())
            }
            other => Error::Broken(other.to_string()),
        }
    }
}

/// SQLite tells this only by its sentences (sqlite3_errstr), diesel hides PostgreSQL's code 53100; its
/// sentence ends with the system's own (ENOSPC, EDQUOT).
fn is_full(message: &str) -> bool {
    message.contains("database or disk is full")
        || message.contains("attempt to write a readonly database")
        || message.contains("No space left on device")
        || message.contains("Disk quota exceeded")
}

/// Told by sentences, too.
fn is_passing(message: &str) -> bool {
    message.contains("database is locked")
        || message.contains("disk I/O error")
        || message.contains("server closed the connection")
        || message.contains("terminating connection")
}
