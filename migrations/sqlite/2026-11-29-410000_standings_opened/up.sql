-- What moved a figure between two points is found by the entries that opened standings, and by those that closed them
-- (standings_known).
CREATE INDEX standings_opened ON standings (series_id, from_seq);
