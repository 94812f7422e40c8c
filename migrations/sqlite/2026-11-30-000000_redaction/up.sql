-- Entries that say that something was erased, while its bytes may still lie in the free space of the files.
CREATE TABLE erasures_due (
    journal_id BLOB NOT NULL REFERENCES journals (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (journal_id, seq)
) STRICT, WITHOUT ROWID;
