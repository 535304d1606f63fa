//! Colours. Each only repeats what a word says.

use anstyle::{AnsiColor, Reset, Style as AnsiStyle};

/// How things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// The name of what stands below or beside it.
    Heading,
    /// It works.
    Success,
    /// It is about to work, or not to.
    Warning,
    /// Its time is over.
    Muted,
    /// It does not work, because somebody wanted it so or because it is wrong.
    Error,
}

/// Where a tone ends. Like the marks where one begins it takes no room in a line, and no escaped
/// text holds it.
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

    /// The text with marks where the tone begins and ends: at each word, so that lines can be broken
    /// between them.
    pub(super) fn add_marks(self, text: &str) -> String {
        let mark_word = |word: &str| match word {
            "" => String::new(),
            word => format!("{}{word}{END_MARK}", self.start_mark()),
        };
        text.split(' ').map(mark_word).collect::<Vec<_>>().join(" ")
    }

    /// The line with the styles that marks stand for.
    pub(super) fn apply_styles(line: &str) -> String {
        let mut output = String::with_capacity(line.len());
        for c in line.chars() {
            match Self::ALL.iter().find(|tone| tone.start_mark() == c) {
                Some(tone) => output += &tone.ansi_style().to_string(),
                None if c == END_MARK => output += &Reset.to_string(),
                None => output.push(c),
            }
        }
        output
    }
}
