ALTER TABLE tallies DROP COLUMN external;
ALTER TABLE tallies DROP COLUMN documented;
ALTER TABLE tallies DROP COLUMN self_reported;
ALTER TABLE standings DROP COLUMN external;
ALTER TABLE standings DROP COLUMN documented;
ALTER TABLE standings DROP COLUMN self_reported;
