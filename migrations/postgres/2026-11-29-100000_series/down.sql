ALTER TABLE standings RENAME TO numbered_standings;
ALTER TABLE tallies RENAME TO numbered_tallies;
DROP INDEX standings_partner;
DROP INDEX standings_known;
DROP INDEX tallies_known;
ALTER INDEX standings_pkey RENAME TO numbered_standings_pkey;
ALTER INDEX tallies_pkey RENAME TO numbered_tallies_pkey;

CREATE TABLE standings (
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    indicator TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
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
    PRIMARY KEY (alliance_id, indicator, scope, subject_id, from_on, from_seq)
);
INSERT INTO standings
SELECT s.alliance_id, s.indicator, s.scope, n.subject_id, n.partner_id, n.standing, n.reason, n.sector, n.region, n.area,
    n.focus_areas, n.from_on, n.to_on, n.from_seq, n.to_seq, n.self_reported, n.documented, n.external
FROM numbered_standings n JOIN series s ON s.id = n.series_id;
CREATE INDEX standings_partner ON standings (partner_id, to_seq);
CREATE INDEX standings_known ON standings (alliance_id, indicator, scope, to_seq, subject_id);

CREATE TABLE tallies (
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    indicator TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    dimension TEXT COLLATE "C" NOT NULL,
    group_key TEXT COLLATE "C" NOT NULL,
    from_on DATE NOT NULL,
    from_seq BIGINT NOT NULL,
    to_seq BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    not_counted BIGINT NOT NULL,
    not_applicable BIGINT NOT NULL,
    no_answer BIGINT NOT NULL,
    not_submitted BIGINT NOT NULL,
    self_reported TEXT NOT NULL DEFAULT '0',
    documented TEXT NOT NULL DEFAULT '0',
    external TEXT NOT NULL DEFAULT '0',
    PRIMARY KEY (alliance_id, indicator, scope, dimension, group_key, from_on, from_seq)
);
INSERT INTO tallies
SELECT s.alliance_id, s.indicator, s.scope, s.dimension, s.group_key, n.from_on, n.from_seq, n.to_seq, n.counted,
    n.not_counted, n.not_applicable, n.no_answer, n.not_submitted, n.self_reported, n.documented, n.external
FROM numbered_tallies n JOIN series s ON s.id = n.series_id;
CREATE INDEX tallies_known ON tallies (alliance_id, dimension, scope, to_seq, indicator);

DROP TABLE numbered_standings;
DROP TABLE numbered_tallies;
DROP TABLE series;
