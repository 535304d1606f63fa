//! What stands in one place of a result: a text, and what a screen adds to it, a colour and how far
//! away an instant is. Where there is no screen it is the text and nothing else.

use super::screen::Screen;
use super::tone::Tone;
use crate::model::{Foreign, KeyState, Status, Timestamp, escaped};
use console::measure_text_width;

/// What may be broken has that much room at least.
const BREAKABLE: usize = 8;

/// As wide as the space that it stands for, at which no line is broken.
const GLUE: char = '\u{1f}';

/// A place without a space where a line may be broken. It takes no room.
const BREAK: char = '\u{e0001}';

/// A text of a table or a list. Text from outside comes in escaped; what is left is escaped here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    breaks: Breaks,
    tone: Option<Tone>,
    time: Option<Timestamp>,
}

/// Where a text may be broken if there is no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaks {
    /// At spaces: ids and times stay in one piece, so that they can be copied.
    Spaces,
    /// Behind commas, and anywhere in what is long between them.
    Commas,
    /// At spaces, and anywhere in long words.
    Anywhere,
}

impl Cell {
    /// A name, which may be broken anywhere if there is no room for it.
    pub(crate) fn name(text: impl Into<String>) -> Self {
        Self { breaks: Breaks::Anywhere, ..Self::from(text.into()) }
    }

    /// Several texts with commas between them.
    pub(crate) fn list(texts: &[Foreign]) -> Self {
        let texts: Vec<String> = texts.iter().map(Foreign::shown).collect();
        Self { breaks: Breaks::Commas, ..Self::from(texts.join(",")) }
    }

    /// A word that says how things are, in the colour that says so, too.
    pub(crate) fn toned(word: &str, tone: Tone) -> Self {
        Self { tone: Some(tone), ..Self::from(word) }
    }

    /// The same with how far away that instant is behind it.
    pub(crate) fn with_distance(self, time: Timestamp) -> Self {
        Self { time: Some(time), ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text, and at a certain time how far away its instant is.
    pub(super) fn said(&self, now: Option<Timestamp>) -> String {
        let text = escaped(&self.text);
        match self.distance(now) {
            Some(distance) => format!("{text} {distance}"),
            None => text,
        }
    }

    /// The text for that screen. What is put in when its lines are laid out stands there as marks,
    /// which no escaped text holds.
    pub(super) fn marked(&self, screen: Option<&Screen>) -> String {
        let Some(screen) = screen else { return self.said(None) };
        let mut text = escaped(&self.text);
        if self.breaks == Breaks::Commas {
            text = text.replace(',', &format!(",{BREAK}"));
        }
        if let Some(distance) = self.distance(screen.now) {
            text = format!("{text} {}", distance.replace(' ', &GLUE.to_string()));
        }
        match self.tone {
            Some(tone) if screen.coloured => tone.marked(&text),
            _ => text,
        }
    }

    fn distance(&self, now: Option<Timestamp>) -> Option<String> {
        self.time.zip(now).map(|(time, now)| format!("({})", time.relative(now)))
    }

    /// The text for a layout that breaks lines.
    pub(super) fn laid_out(&self, screen: Option<&Screen>) -> comfy_table::Cell {
        comfy_table::Cell::new(self.marked(screen)).set_delimiter(self.delimiter())
    }

    /// How wide it is, if nothing is broken that must not be, and if nothing is broken at all.
    pub(super) fn widths(&self, screen: &Screen) -> (usize, usize) {
        let text = self.marked(Some(screen));
        let longest = text.split(self.delimiter()).map(measure_text_width).max().unwrap_or(0);
        let least = match self.breaks {
            Breaks::Spaces => longest,
            Breaks::Commas | Breaks::Anywhere => longest.min(BREAKABLE),
        };
        (least, measure_text_width(&text))
    }

    fn delimiter(&self) -> char {
        if self.breaks == Breaks::Commas { BREAK } else { ' ' }
    }
}

/// The line with everything put in that marks stand for.
pub(super) fn finished(line: &str) -> String {
    Tone::put_in(line).replace(GLUE, " ").replace(BREAK, "")
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, breaks: Breaks::Spaces, tone: None, time: None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<Timestamp> for Cell {
    fn from(time: Timestamp) -> Self {
        Self::from(time.to_string()).with_distance(time)
    }
}

impl From<Status> for Cell {
    fn from(status: Status) -> Self {
        let tone = match status {
            Status::Live => Tone::Good,
            Status::Superseded => Tone::Passing,
            Status::Expired => Tone::Over,
            Status::Revoked => Tone::Bad,
        };
        Self::toned(status.name(), tone)
    }
}

impl From<KeyState> for Cell {
    fn from(state: KeyState) -> Self {
        let tone = match state {
            KeyState::Active => Tone::Good,
            KeyState::Standby | KeyState::Retired => Tone::Passing,
            KeyState::Revoked => Tone::Bad,
        };
        Self::toned(state.name(), tone)
    }
}
