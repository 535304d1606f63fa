//! `jeton completions`. This command prints a line for a configuration file of a shell. The line
//! runs jeton with the variable `COMPLETE`, and evaluates the script that jeton then prints. The
//! module [`shells`] prints that script, and the candidates that the script requests later.

mod shells;

pub(crate) use shells::COMPLETION_SHELLS;

use crate::app::{App, OutputFormat};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;

/// Print the line that enables completion in a shell
///
/// The line makes the shell call jeton, which completes commands, options, files and option values.
/// Usernames, e-mail addresses, applications, and ids of tokens, sessions and keys come from the
/// store.
///
///   jeton completions bash >> ~/.bashrc
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Shell
    #[arg(value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
    shell: String,
}

impl Command for Args {
    const ACTION: &'static str = "completions";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = &[OutputFormat::Text];

    fn run(self, app: &mut App) -> Result<(), Failure> {
        app.console.write_styled_text(match self.shell.as_str() {
            "zsh" => include_str!("../../../completions/jeton.zsh"),
            "fish" => include_str!("../../../completions/jeton.fish"),
            "elvish" => include_str!("../../../completions/jeton.elv"),
            "powershell" => include_str!("../../../completions/jeton.ps1"),
            _ => include_str!("../../../completions/jeton.bash"),
        })
    }
}
