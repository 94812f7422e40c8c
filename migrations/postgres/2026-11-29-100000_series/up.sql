-- What standings and tallies are of stands once, and they name it by a number that follows from it: else each row
-- says it again, in its table and in each index, which is most of what a write has to write. They are a fold of
-- the journal, so they are emptied here, and the program makes those of each alliance named in refolds anew.
DROP TABLE standings;
DROP TABLE tallies;

-- An indicator in a scope; for everyone (the dimension whole), or a group of a dimension.
CREATE TABLE series (
    id BIGINT NOT NULL PRIMARY KEY,
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    indicator TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    dimension TEXT COLLATE "C" NOT NULL,
    group_key TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX series_key ON series (alliance_id, dimension, scope, indicator, group_key);

-- Where one subject stands on one indicator: known from from_seq to to_seq, valid from from_on to to_on.
CREATE TABLE standings (
    series_id BIGINT NOT NULL REFERENCES series (id),
    subject_id UUID NOT NULL,
    partner_id UUID NOT NULL REFERENCES partners (id),
    standing TEXT NOT NULL,
    reason JSONB NOT NULL,
    sector TEXT NOT NULL,
    region TEXT,
    area TEXT,
    focus_areas JSONB NOT NULL,
    from_on DATE NOT NULL,
    to_on DATE,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT NOT NULL,
    self_reported TEXT,
    documented TEXT,
    external TEXT,
    PRIMARY KEY (series_id, subject_id, from_on, from_seq)
);
CREATE INDEX standings_partner ON standings (partner_id, to_seq);
CREATE INDEX standings_known ON standings (series_id, to_seq, subject_id);

-- Running counts of what begins or ends to hold on from_on, as known from from_seq to to_seq.
CREATE TABLE tallies (
    series_id BIGINT NOT NULL REFERENCES series (id),
    from_on DATE NOT NULL,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    not_counted BIGINT NOT NULL,
    not_applicable BIGINT NOT NULL,
    no_answer BIGINT NOT NULL,
    not_submitted BIGINT NOT NULL,
    self_reported TEXT NOT NULL,
    documented TEXT NOT NULL,
    external TEXT NOT NULL,
    PRIMARY KEY (series_id, from_on, from_seq)
);
CREATE INDEX tallies_known ON tallies (series_id, to_seq);

INSERT INTO refolds (alliance_id)
SELECT id FROM alliances WHERE id NOT IN (SELECT alliance_id FROM refolds);
