-- The hash tree over each journal's entries (RFC 6962): the hash of every complete subtree, a leaf being level 0.
-- Never rewritten.
CREATE TABLE journal_hashes (
    journal_id UUID NOT NULL REFERENCES journals (id),
    level BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (journal_id, level, position)
);

-- Journals from before there were trees: the program hashes each of them once.
CREATE TABLE unhashed_journals (
    journal_id UUID NOT NULL PRIMARY KEY REFERENCES journals (id)
);
INSERT INTO unhashed_journals (journal_id) SELECT id FROM journals WHERE size > 0;

-- The keys that notes are signed with: checkpoints and editions, no tokens.
CREATE TABLE note_keys (
    public_key BYTEA NOT NULL PRIMARY KEY,
    pkcs8 BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
