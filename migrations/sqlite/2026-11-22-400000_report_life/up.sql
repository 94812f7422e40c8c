-- A partner's own deadline in a round.
CREATE TABLE extensions (
    alliance_id BLOB NOT NULL REFERENCES alliances (id),
    round TEXT NOT NULL,
    partner_id BLOB NOT NULL REFERENCES partners (id),
    until_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (alliance_id, round, partner_id)
) STRICT;
CREATE INDEX extensions_partner ON extensions (partner_id);

-- Who opened a point, in which submission and about which initiative; who closed it, when, and by a submission or
-- by a reason to let it be. Whether a point is open, closed_at says.
ALTER TABLE report_points ADD COLUMN opened_by BLOB;
ALTER TABLE report_points ADD COLUMN opened_in_version INTEGER;
ALTER TABLE report_points ADD COLUMN initiative_id BLOB;
ALTER TABLE report_points ADD COLUMN closed_at TEXT;
ALTER TABLE report_points ADD COLUMN closed_by BLOB;
ALTER TABLE report_points ADD COLUMN waived_reason TEXT;

-- The last submission that was accepted. submitted_at is the first submission's from here on.
ALTER TABLE reports ADD COLUMN accepted_version INTEGER;
CREATE INDEX reports_state ON reports (alliance_id, state);

-- The new columns are filled from the journals.
INSERT INTO refolds (alliance_id)
SELECT DISTINCT alliance_id FROM reports
WHERE submitted_version IS NOT NULL AND alliance_id NOT IN (SELECT alliance_id FROM refolds);
