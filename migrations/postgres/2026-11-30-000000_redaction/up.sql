-- Entries that say that something was erased, while its bytes may still lie in the free space of the files.
CREATE TABLE erasures_due (
    journal_id UUID NOT NULL REFERENCES journals (id),
    seq BIGINT NOT NULL,
    PRIMARY KEY (journal_id, seq)
);

-- Free texts and names stay out of the planner's statistics, which would keep samples of them. Nothing is ever
-- looked up by them.
ALTER TABLE journal_texts ALTER COLUMN text SET STATISTICS 0;
ALTER TABLE commitments ALTER COLUMN goal SET STATISTICS 0;
ALTER TABLE initiatives ALTER COLUMN summary SET STATISTICS 0;
ALTER TABLE reports ALTER COLUMN answers SET STATISTICS 0;
ALTER TABLE report_parts ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE report_versions ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE report_points ALTER COLUMN detail SET STATISTICS 0, ALTER COLUMN waived_reason SET STATISTICS 0;
ALTER TABLE extensions ALTER COLUMN reason SET STATISTICS 0;
ALTER TABLE keys ALTER COLUMN name SET STATISTICS 0;
ALTER TABLE idempotent_answers ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE imports ALTER COLUMN warnings SET STATISTICS 0, ALTER COLUMN remarks SET STATISTICS 0;
ALTER TABLE import_refused ALTER COLUMN sent SET STATISTICS 0;
