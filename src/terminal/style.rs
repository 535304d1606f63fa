//! Colours of status words, and the terminal that shows them. A colour never carries information
//! that the word does not.

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
    /// Active or valid.
    Success,
    /// Not active yet, or soon inactive.
    Warning,
    /// Expired.
    Muted,
    /// Revoked, disabled or invalid.
    Error,
}

/// Mark for the end of a style. Marks have no width. Escaped text never contains the characters
/// that serve as marks.
const END_MARK: char = '\u{e0000}';

impl Style {
    const ALL: [Self; 5] = [Self::Heading, Self::Success, Self::Warning, Self::Muted, Self::Error];

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

    /// Encloses each word of the text in style marks, so that lines can be broken between words.
    pub(super) fn add_marks(self, text: &str) -> String {
        let mark_word = |word: &str| match word {
            "" => String::new(),
            word => format!("{}{word}{END_MARK}", self.start_mark()),
        };
        text.split(' ').map(mark_word).collect::<Vec<_>>().join(" ")
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

/// Terminal that shows results. Output to files and pipes has no screen and is plain text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    pub(super) columns: usize,
    pub(super) has_colour: bool,
    pub(super) now: Option<Timestamp>,
}

impl Screen {
    /// Returns the terminal on standard output; `None` for a file or pipe.
    pub(super) fn from_stdout(now: Option<Timestamp>) -> Option<Self> {
        let stream = io::stdout();
        stream.is_terminal().then(|| Self {
            columns: usize::from(console::Term::stdout().size().1),
            has_colour: should_colour(&stream, console::colors_enabled),
            now,
        })
    }
}

/// Returns whether to colour a stream, by `NO_COLOR`, `CLICOLOR_FORCE` or the kind of the stream.
///
/// anstream treats every value of `CLICOLOR_FORCE` as set. By convention `0` means not set;
/// `unforced_choice` then decides.
pub(super) fn should_colour(stream: &impl RawStream, unforced_choice: fn() -> bool) -> bool {
    #[expect(clippy::disallowed_methods, reason = "the libraries also read this variable")]
    let is_zero = std::env::var_os("CLICOLOR_FORCE").is_some_and(|force| force == "0");
    AutoStream::choice(stream) != anstream::ColorChoice::Never && (!is_zero || unforced_choice())
}
