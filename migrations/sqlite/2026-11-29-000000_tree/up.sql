-- The hash tree over each journal's entries (RFC 6962): the hash of every complete subtree, a leaf being level 0.
-- Never rewritten.
CREATE TABLE journal_hashes (
    journal_id BLOB NOT NULL REFERENCES journals (id),
    level INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (journal_id, level, position)
) STRICT, WITHOUT ROWID;

-- Journals from before there were trees: the program hashes each of them once.
CREATE TABLE unhashed_journals (
    journal_id BLOB NOT NULL PRIMARY KEY REFERENCES journals (id)
) STRICT;
INSERT INTO unhashed_journals (journal_id) SELECT id FROM journals WHERE size > 0;

-- The keys that notes are signed with: checkpoints and editions, no tokens.
CREATE TABLE note_keys (
    public_key BLOB NOT NULL PRIMARY KEY,
    pkcs8 BLOB NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
