-- Editions: figures frozen at one size of the journal. The document is what is served, byte for byte. Note and reason
-- are free text and stand beside the journal's entry only.
CREATE TABLE publications (
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    edition INTEGER NOT NULL,
    title TEXT NOT NULL,
    corrects INTEGER,
    published_at TEXT NOT NULL,
    as_of TEXT NOT NULL,
    journal_size INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    signature TEXT NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (alliance_id, edition)
) STRICT;
