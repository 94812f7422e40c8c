DROP TABLE note_keys;
DROP TABLE unhashed_journals;
DROP TABLE journal_hashes;
