-- The rows that an import refused, as they were sent: JSON as text, since it may have any character. They are kept
-- for 90 days, and stand in no journal.
CREATE TABLE import_refused (
    import_id UUID NOT NULL PRIMARY KEY REFERENCES imports (id),
    kept_at TIMESTAMPTZ NOT NULL,
    sent TEXT NOT NULL
);
CREATE INDEX import_refused_kept ON import_refused (kept_at);
