-- Editions: figures frozen at one size of the journal. The document is what is served, byte for byte. Note and reason
-- are free text and stand beside the journal's entry only.
CREATE TABLE publications (
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    edition BIGINT NOT NULL,
    title TEXT NOT NULL,
    corrects BIGINT,
    published_at TIMESTAMPTZ NOT NULL,
    as_of TIMESTAMPTZ NOT NULL,
    journal_size BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    signature TEXT NOT NULL,
    document BYTEA NOT NULL,
    PRIMARY KEY (alliance_id, edition)
);
