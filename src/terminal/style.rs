//! Styles of status words and headings, and the properties of standard output that affect
//! rendering. A colour adds no information that is not already in the text.

use crate::model::Timestamp;
use anstream::AutoStream;
use anstream::stream::RawStream;
use anstyle::{AnsiColor, Reset, Style as AnsiStyle};
use std::io::{self, IsTerminal};

/// Style of a status word or heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Column head or field name.
    Heading,
    /// Active, valid or successful.
    Success,
    /// Standby, superseded or retired.
    Warning,
    /// Expired.
    Muted,
    /// Revoked, disabled, invalid or failed.
    Error,
}

/// Character that marks the end of a style. Each style also has a character that marks its start.
/// These style marks have no width on the screen, and escaped text never contains them.
const END_MARK: char = '\u{e0000}';

impl Style {
    const ALL: [Self; 5] = [Self::Heading, Self::Success, Self::Warning, Self::Muted, Self::Error];

    /// Returns the character that marks the start of the style.
    const fn start_mark(self) -> char {
        match self {
            Self::Heading => '\u{e0002}',
            Self::Success => '\u{e0003}',
            Self::Warning => '\u{e0004}',
            Self::Muted => '\u{e0005}',
            Self::Error => '\u{e0006}',
        }
    }

    fn ansi_style(self) -> AnsiStyle {
        let foreground = |colour: AnsiColor| AnsiStyle::new().fg_color(Some(colour.into()));
        match self {
            Self::Heading => AnsiStyle::new().bold(),
            Self::Success => foreground(AnsiColor::Green),
            Self::Warning => foreground(AnsiColor::Yellow),
            Self::Muted => AnsiStyle::new().dimmed(),
            Self::Error => foreground(AnsiColor::Red),
        }
    }

    /// Encloses a text in style marks.
    pub(super) fn add_marks(self, text: &str) -> String {
        if text.is_empty() {
            String::new()
        } else {
            format!("{}{text}{END_MARK}", self.start_mark())
        }
    }

    /// Replaces the style marks of a line with ANSI escape sequences.
    pub(super) fn apply_styles(line: &str) -> String {
        let mut output = String::with_capacity(line.len());
        for c in line.chars() {
            match Self::ALL.iter().find(|style| style.start_mark() == c) {
                Some(style) => output += &style.ansi_style().to_string(),
                None if c == END_MARK => output += &Reset.to_string(),
                None => output.push(c),
            }
        }
        output
    }
}

/// Properties of standard output that affect the text of results.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    /// Width of the terminal; `None` for a file or pipe, where lines can have any length.
    pub(super) columns: Option<usize>,
    /// Set if styles are rendered as colours.
    pub(super) has_colour: bool,
    /// Time of the command, for relative times; `None` if standard output is not a terminal.
    pub(super) now: Option<Timestamp>,
    /// Set for the wide format, in which tables show complete texts and absolute times.
    pub(super) is_wide: bool,
}

impl Screen {
    pub(super) fn from_stdout(now: Option<Timestamp>) -> Self {
        let stream = io::stdout();
        let is_terminal = stream.is_terminal();
        Self {
            columns: is_terminal.then(|| usize::from(console::Term::stdout().size().1)),
            has_colour: should_colour(&stream, console::colors_enabled),
            now: now.filter(|_| is_terminal),
            is_wide: false,
        }
    }
}

/// Returns whether text for a stream is coloured. This depends on the kind of the stream, and on
/// environment variables such as `NO_COLOR`, `CLICOLOR_FORCE` and `TERM`.
///
/// anstream forces colours for every non-empty value of `CLICOLOR_FORCE`. By convention, the value
/// `0` forces nothing: colours then also require that `unforced_choice` returns `true`.
pub(super) fn should_colour(stream: &impl RawStream, unforced_choice: fn() -> bool) -> bool {
    #[expect(clippy::disallowed_methods, reason = "the libraries also read this variable")]
    let is_zero = std::env::var_os("CLICOLOR_FORCE").is_some_and(|force| force == "0");
    AutoStream::choice(stream) != anstream::ColorChoice::Never && (!is_zero || unforced_choice())
}
