-- What was signed of a journal: root is that of its first size entries, note the whole signed text. Before anything
-- larger is signed, the last of these must still be true.
CREATE TABLE checkpoints (
    journal_id BLOB NOT NULL REFERENCES journals (id),
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    signed_at TEXT NOT NULL,
    PRIMARY KEY (journal_id, size)
) STRICT;
