-- What the counted ones of a sum add, by verification: whole numbers of the measure's last decimal as text,
-- since they may be longer than any integer column. Null where there is nothing to add; running sums begin
-- at nothing, which is what they are of all that was written before.
ALTER TABLE standings ADD COLUMN self_reported TEXT;
ALTER TABLE standings ADD COLUMN documented TEXT;
ALTER TABLE standings ADD COLUMN external TEXT;
ALTER TABLE tallies ADD COLUMN self_reported TEXT NOT NULL DEFAULT '0';
ALTER TABLE tallies ADD COLUMN documented TEXT NOT NULL DEFAULT '0';
ALTER TABLE tallies ADD COLUMN external TEXT NOT NULL DEFAULT '0';

-- Whoever went back to a program that knew no sums gets them again from the journal.
INSERT INTO refolds (alliance_id)
SELECT DISTINCT alliance_id FROM programme_versions
WHERE document LIKE '%"measures":%' AND alliance_id NOT IN (SELECT alliance_id FROM refolds);
