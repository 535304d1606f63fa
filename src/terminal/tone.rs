//! Colours. Each only repeats what a word says.

use anstyle::{AnsiColor, Reset, Style};

/// How things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The name of what stands below or beside it.
    Heading,
    /// It works.
    Good,
    /// It is about to work, or not to.
    Passing,
    /// Its time is over.
    Over,
    /// It does not work, because somebody wanted it so or because it is wrong.
    Bad,
}

/// Where a tone ends. Like the marks where one begins it takes no room in a line, and no escaped
/// text holds it.
const END: char = '\u{e0000}';

impl Tone {
    const ALL: [Self; 5] = [Self::Heading, Self::Good, Self::Passing, Self::Over, Self::Bad];

    const fn mark(self) -> char {
        match self {
            Self::Heading => '\u{e0002}',
            Self::Good => '\u{e0003}',
            Self::Passing => '\u{e0004}',
            Self::Over => '\u{e0005}',
            Self::Bad => '\u{e0006}',
        }
    }

    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Heading => Style::new().bold(),
            Self::Good => colour(AnsiColor::Green),
            Self::Passing => colour(AnsiColor::Yellow),
            Self::Over => Style::new().dimmed(),
            Self::Bad => colour(AnsiColor::Red),
        }
    }

    /// The text with marks where the tone begins and ends: at each word, so that lines can be broken
    /// between them.
    pub(super) fn marked(self, text: &str) -> String {
        let marked = |word: &str| match word {
            "" => String::new(),
            word => format!("{}{word}{END}", self.mark()),
        };
        text.split(' ').map(marked).collect::<Vec<_>>().join(" ")
    }

    /// The line with the styles that marks stand for.
    pub(super) fn put_in(line: &str) -> String {
        let mut finished = String::with_capacity(line.len());
        for c in line.chars() {
            match Self::ALL.iter().find(|tone| tone.mark() == c) {
                Some(tone) => finished += &tone.style().to_string(),
                None if c == END => finished += &Reset.to_string(),
                None => finished.push(c),
            }
        }
        finished
    }
}
