-- What holds now lies together, with all that a list of figures reads: else its counts lie as far apart as the
-- counts of then between them are many, and a list costs as many pages as it has counts. And what does not hold any
-- more stands in no index but its key.
CREATE INDEX tallies_open ON tallies (series_id, from_on, from_seq) INCLUDE (
    counted, not_counted, not_applicable, no_answer, not_submitted, self_reported, documented, external
) WHERE to_seq = 9223372036854775807;
DROP INDEX tallies_known;
