//! Sessions: begun, renewed, ended, and what else says who is calling.

mod administration;
mod credential;
mod login;
mod logout;
mod refresh;
