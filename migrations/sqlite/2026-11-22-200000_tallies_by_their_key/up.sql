-- SQLite finds a tally by its key as it is; PostgreSQL's folder says what this is about.
REINDEX tallies;
