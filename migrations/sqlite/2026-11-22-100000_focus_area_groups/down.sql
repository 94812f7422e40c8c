DROP TABLE refolds;
DELETE FROM tallies WHERE dimension = 'focusArea';
ALTER TABLE standings DROP COLUMN focus_areas;
