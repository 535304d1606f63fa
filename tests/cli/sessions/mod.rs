//! Sessions: login, refresh, logout, administration, and bearer tokens as credentials.

mod administration;
mod credential;
mod login;
mod logout;
mod refresh;
mod refused;
