-- The key is the same as before.
REINDEX TABLE tallies;
