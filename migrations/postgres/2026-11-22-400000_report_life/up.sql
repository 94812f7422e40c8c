-- A partner's own deadline in a round.
CREATE TABLE extensions (
    alliance_id UUID NOT NULL REFERENCES alliances (id),
    round TEXT COLLATE "C" NOT NULL,
    partner_id UUID NOT NULL REFERENCES partners (id),
    until_at TIMESTAMPTZ NOT NULL,
    reason TEXT NOT NULL,
    granted_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (alliance_id, round, partner_id)
);
CREATE INDEX extensions_partner ON extensions (partner_id);

-- Who opened a point, in which submission and about which initiative; who closed it, when, and by a submission or
-- by a reason to let it be. Whether a point is open, closed_at says.
ALTER TABLE report_points ADD COLUMN opened_by UUID;
ALTER TABLE report_points ADD COLUMN opened_in_version BIGINT;
ALTER TABLE report_points ADD COLUMN initiative_id UUID;
ALTER TABLE report_points ADD COLUMN closed_at TIMESTAMPTZ;
ALTER TABLE report_points ADD COLUMN closed_by UUID;
ALTER TABLE report_points ADD COLUMN waived_reason TEXT;

-- The last submission that was accepted. submitted_at is the first submission's from here on.
ALTER TABLE reports ADD COLUMN accepted_version BIGINT;
CREATE INDEX reports_state ON reports (alliance_id, state);

-- The new columns are filled from the journals.
INSERT INTO refolds (alliance_id)
SELECT DISTINCT alliance_id FROM reports
WHERE submitted_version IS NOT NULL AND alliance_id NOT IN (SELECT alliance_id FROM refolds);
