//! One integration binary; a module for each resource. Every test that touches a database runs on
//! SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

mod access;
mod bad_input;
mod commitments;
mod cors;
mod csv;
mod dashboards;
mod etags;
mod figure_properties;
mod figure_rows;
mod figures;
mod full_disk;
mod fuzz;
mod group_commit;
mod idempotency;
mod initiatives;
mod instances;
mod journal;
mod kill;
mod languages;
mod lists;
mod migrations;
mod openapi;
mod partners;
mod problems;
mod programmes;
mod report_drafts;
mod reports;
mod shapes;
mod smoke;
mod tidy;
mod tokens;
