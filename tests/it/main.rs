//! One integration binary; a module for each resource. Every test that touches a database runs on
//! SQLite and on PostgreSQL.

mod support;

mod smoke;
