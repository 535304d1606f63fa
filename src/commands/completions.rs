//! `jeton completions`

use crate::app::App;
use crate::failure::Failure;

/// Print the completion script of a shell
///
/// The script calls jeton to complete commands, options, option values, and the names and ids of
/// users, tokens, sessions and keys in the store.
///
///   jeton completions bash >> ~/.bashrc
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Shell
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
