//! One integration binary; a module for each resource. Every test that touches a database runs on
//! SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

mod access;
mod backup;
mod bad_input;
mod claims;
mod commitments;
mod completeness;
mod concurrency;
mod cors;
mod csv;
mod dashboards;
mod deployment;
mod disclosure;
mod dry_runs;
mod etags;
mod extensions;
mod figure_properties;
mod figure_rows;
mod figures;
mod full_disk;
mod fuzz;
mod group_commit;
mod idempotency;
mod import_by_excel;
mod import_equality;
mod import_faults;
mod import_files;
mod import_reports;
mod import_templates;
mod imports;
mod initiatives;
mod instances;
mod journal;
mod kill;
mod languages;
mod legal_histories;
mod limits;
mod lists;
mod metrics;
mod migrations;
mod openapi;
mod partners;
mod prefill;
mod problems;
mod programmes;
mod publications;
mod read_only;
mod report_drafts;
mod report_points;
mod report_versions;
mod reports;
mod settings;
mod shapes;
mod smoke;
mod stopping;
mod sums;
mod tasks;
mod tidy;
mod tokens;
mod tree;
mod workbooks;
