pub mod auth;
pub mod db;
pub mod domain;
pub mod service;
pub mod store;
