DROP INDEX standings_opened;
