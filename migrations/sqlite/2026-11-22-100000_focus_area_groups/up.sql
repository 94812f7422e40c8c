-- Standings are counted by focus area too. They and their tallies are a fold of the journal, so they are
-- emptied here, and the program makes those of each alliance named in refolds anew from its journal.
DROP TABLE standings;
DELETE FROM tallies;

-- Where one subject stands on one indicator: known from from_seq to to_seq, valid from from_on to to_on.
CREATE TABLE standings (
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    indicator TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    partner_id BLOB NOT NULL REFERENCES partners (id),
    standing TEXT NOT NULL,
    reason TEXT NOT NULL,
    sector TEXT NOT NULL,
    region TEXT,
    area TEXT,
    focus_areas TEXT NOT NULL,
    from_on TEXT NOT NULL,
    to_on TEXT,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    PRIMARY KEY (alliance_id, indicator, scope, subject_id, from_on, from_seq)
) STRICT;
CREATE INDEX standings_partner ON standings (partner_id, to_seq);
CREATE INDEX standings_known ON standings (alliance_id, indicator, scope, to_seq, subject_id);

-- Alliances whose standings and tallies are yet to be made anew.
CREATE TABLE refolds (
    alliance_id BLOB NOT NULL PRIMARY KEY REFERENCES alliances (id)
) STRICT;
INSERT INTO refolds (alliance_id) SELECT id FROM alliances;
