-- Files of rows that were taken in. The four counts add up to the rows read; remarks are about single rows, in
-- both languages.
CREATE TABLE imports (
    id UUID NOT NULL PRIMARY KEY,
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    kind TEXT NOT NULL,
    mode TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    actor_id UUID NOT NULL,
    partner_id UUID REFERENCES partners (id),
    sha256 TEXT NOT NULL,
    byte_count BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    warnings JSONB NOT NULL,
    remarks JSONB NOT NULL
);
CREATE INDEX imports_order ON imports (alliance_id, id);
CREATE INDEX imports_partner ON imports (partner_id);

-- An import finds an initiative by its title and lead.
CREATE INDEX initiatives_title ON initiatives (alliance_id, title_key, lead_partner_id);
