//! Who a caller is: the tokens that a request carries, and the secrets that tokens are had for. And who we are:
//! the notes that we sign.
//!
//! What is in here knows no HTTP, no database and no clock. What a caller may do is decided elsewhere,
//! from what the database says at the moment of the request; a token says nothing about rights.

pub mod notes;
pub mod remembered;
pub mod secrets;
pub mod tokens;
