-- What each partner was called, known from from_seq to to_seq: lists as of an earlier point of the journal show
-- the names of then, in their order.
CREATE TABLE partner_names (
    partner_id BLOB NOT NULL REFERENCES partners (id),
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    name TEXT NOT NULL,
    name_sort BLOB NOT NULL,
    PRIMARY KEY (partner_id, from_seq)
) STRICT;
CREATE INDEX partner_names_known ON partner_names (alliance_id, to_seq);

-- They are written from the journals.
INSERT INTO refolds (alliance_id)
SELECT id FROM alliances WHERE id NOT IN (SELECT alliance_id FROM refolds);
