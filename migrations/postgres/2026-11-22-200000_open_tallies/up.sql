-- A tally that moves is found by what it is of, however often it moved before. The number is the to_seq of
-- what is still known.
CREATE UNIQUE INDEX tallies_open ON tallies (alliance_id, indicator, scope, dimension, group_key, from_on)
    WHERE to_seq = 9223372036854775807;
