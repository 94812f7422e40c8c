-- Without statistics yet, PostgreSQL takes two indexes for equally good and uses the one made last. A tally is
-- to be found by its key: the other index leads past every row that an import has closed so far.
ALTER TABLE tallies DROP CONSTRAINT tallies_pkey;
ALTER TABLE tallies ADD PRIMARY KEY (alliance_id, indicator, scope, dimension, group_key, from_on, from_seq);
