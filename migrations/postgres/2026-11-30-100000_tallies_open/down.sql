CREATE INDEX tallies_known ON tallies (series_id, to_seq);
DROP INDEX tallies_open;
