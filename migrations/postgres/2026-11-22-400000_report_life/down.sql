UPDATE reports SET submitted_at = (
    SELECT received_at FROM report_versions
    WHERE report_versions.report_id = reports.id AND report_versions.number = reports.submitted_version
) WHERE submitted_version IS NOT NULL;
DROP INDEX reports_state;
ALTER TABLE reports DROP COLUMN accepted_version;
ALTER TABLE report_points DROP COLUMN waived_reason;
ALTER TABLE report_points DROP COLUMN closed_by;
ALTER TABLE report_points DROP COLUMN closed_at;
ALTER TABLE report_points DROP COLUMN initiative_id;
ALTER TABLE report_points DROP COLUMN opened_in_version;
ALTER TABLE report_points DROP COLUMN opened_by;
DROP TABLE extensions;
