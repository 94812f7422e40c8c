DROP INDEX tallies_open;
