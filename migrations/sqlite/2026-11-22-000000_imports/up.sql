-- Files of rows that were taken in. The four counts add up to the rows read; remarks are about single rows, in
-- both languages.
CREATE TABLE imports (
    id BLOB NOT NULL PRIMARY KEY,
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    kind TEXT NOT NULL,
    mode TEXT NOT NULL,
    received_at TEXT NOT NULL,
    actor_id BLOB NOT NULL,
    partner_id BLOB REFERENCES partners (id),
    sha256 TEXT NOT NULL,
    byte_count INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    warnings TEXT NOT NULL,
    remarks TEXT NOT NULL
) STRICT;
CREATE INDEX imports_order ON imports (alliance_id, id);
CREATE INDEX imports_partner ON imports (partner_id);

-- An import finds an initiative by its title and lead.
CREATE INDEX initiatives_title ON initiatives (alliance_id, title_key, lead_partner_id);
