//! Sessions: begun, renewed, ended, and what else says who is calling.

mod administration;
mod credential;
mod login;
mod logout;
mod refresh;

/// What a command says that needs somebody to be logged in.
const NOBODY: &str = "error: nobody is logged in\nhint: log in: jeton login\n";

/// What it says when the session in the file is over.
const ENDED: &str = "error: the token's session has ended\nhint: log in again: jeton login\n";
