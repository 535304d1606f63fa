//! `jeton completions`

use crate::app::App;
use crate::failure::Failure;

/// Print the script that loads completion into a shell
///
/// Words are completed by jeton itself: commands, flags and what they take, and the names and ids of
/// users, tokens, sessions and keys in the store.
///
///   jeton completions bash >> ~/.bashrc
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
    shell: String,
}

pub(crate) fn run(app: &App, args: &Args) -> Result<(), Failure> {
    app.write_document(match args.shell.as_str() {
        "zsh" => include_str!("../../completions/jeton.zsh"),
        "fish" => include_str!("../../completions/jeton.fish"),
        "elvish" => include_str!("../../completions/jeton.elv"),
        "powershell" => include_str!("../../completions/jeton.ps1"),
        _ => include_str!("../../completions/jeton.bash"),
    })
}
