//! Facit makes an alliance's published figures checkable.
//!
//! Layers, from the outside in: `server` runs `api`, which asks `service`, which rules over `store`,
//! which speaks to `db`; `domain` is pure and known to everyone. ARCHITECTURE.md says what each may not do.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod api;
pub mod auth;
pub mod check;
pub mod config;
pub mod db;
pub mod demo;
pub mod domain;
pub mod server;
pub mod service;
pub mod store;
pub mod telemetry;
