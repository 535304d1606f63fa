//! What stands in one place of a result: a text, and what a screen adds to it, a colour and how far
//! away an instant is. Where there is no screen it is the text and nothing else.

use super::screen::Screen;
use super::style::Style;
use crate::model::{KeyState, Timestamp, TokenStatus, Untrusted, escape};
use console::measure_text_width;

/// What may be broken has that much room at least.
const MIN_BREAKABLE_WIDTH: usize = 8;

/// As wide as the space that it stands for, at which no line is broken.
const NO_BREAK_MARK: char = '\u{1f}';

/// A place without a space where a line may be broken. It takes no room.
const BREAK_MARK: char = '\u{e0001}';

/// A text of a table or a list. Text from outside comes in escaped; what is left is escaped here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    wrap: Wrap,
    style: Option<Style>,
    timestamp: Option<Timestamp>,
}

/// Where a text may be broken if there is no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrap {
    /// At spaces: ids and times stay in one piece, so that they can be copied.
    AtSpaces,
    /// Behind commas, and anywhere in what is long between them.
    AtCommas,
    /// At spaces, and anywhere in long words.
    Anywhere,
}

impl Cell {
    /// A name, which may be broken anywhere if there is no room for it.
    pub(crate) fn breakable(text: impl Into<String>) -> Self {
        Self { wrap: Wrap::Anywhere, ..Self::from(text.into()) }
    }

    /// Several texts with commas between them.
    pub(crate) fn from_list(texts: &[Untrusted]) -> Self {
        let texts: Vec<String> = texts.iter().map(Untrusted::to_display).collect();
        Self { wrap: Wrap::AtCommas, ..Self::from(texts.join(",")) }
    }

    /// A word that says how things are, in the colour that says so, too.
    pub(crate) fn styled(word: &str, style: Style) -> Self {
        Self { style: Some(style), ..Self::from(word) }
    }

    /// The same with how far away that instant is behind it.
    pub(crate) fn with_relative_time(self, timestamp: Timestamp) -> Self {
        Self { timestamp: Some(timestamp), ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text, and at a certain time how far away its instant is.
    pub(super) fn to_plain_text(&self, now: Option<Timestamp>) -> String {
        let text = escape(&self.text);
        match self.relative_time(now) {
            Some(relative) => format!("{text} {relative}"),
            None => text,
        }
    }

    /// The text for that screen. What is put in when its lines are laid out stands there as marks,
    /// which no escaped text holds.
    pub(super) fn to_marked_text(&self, screen: Option<&Screen>) -> String {
        let Some(screen) = screen else { return self.to_plain_text(None) };
        let mut text = escape(&self.text);
        if self.wrap == Wrap::AtCommas {
            text = text.replace(',', &format!(",{BREAK_MARK}"));
        }
        if let Some(relative) = self.relative_time(screen.now) {
            text = format!("{text} {}", relative.replace(' ', &NO_BREAK_MARK.to_string()));
        }
        match self.style {
            Some(style) if screen.has_colour => style.add_marks(&text),
            _ => text,
        }
    }

    fn relative_time(&self, now: Option<Timestamp>) -> Option<String> {
        self.timestamp.zip(now).map(|(time, now)| format!("({})", time.to_relative(now)))
    }

    /// The text for a layout that breaks lines.
    pub(super) fn to_table_cell(&self, screen: Option<&Screen>) -> comfy_table::Cell {
        comfy_table::Cell::new(self.to_marked_text(screen)).set_delimiter(self.delimiter())
    }

    /// How wide it is, if nothing is broken that must not be, and if nothing is broken at all.
    pub(super) fn measure_widths(&self, screen: &Screen) -> (usize, usize) {
        let text = self.to_marked_text(Some(screen));
        let longest = text.split(self.delimiter()).map(measure_text_width).max().unwrap_or(0);
        let min_width = match self.wrap {
            Wrap::AtSpaces => longest,
            Wrap::AtCommas | Wrap::Anywhere => longest.min(MIN_BREAKABLE_WIDTH),
        };
        (min_width, measure_text_width(&text))
    }

    fn delimiter(&self) -> char {
        if self.wrap == Wrap::AtCommas { BREAK_MARK } else { ' ' }
    }
}

/// The line with everything put in that marks stand for.
pub(super) fn apply_marks(line: &str) -> String {
    Style::apply_styles(line).replace(NO_BREAK_MARK, " ").replace(BREAK_MARK, "")
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, wrap: Wrap::AtSpaces, style: None, timestamp: None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<Timestamp> for Cell {
    fn from(time: Timestamp) -> Self {
        Self::from(time.to_string()).with_relative_time(time)
    }
}

impl From<TokenStatus> for Cell {
    fn from(status: TokenStatus) -> Self {
        let style = match status {
            TokenStatus::Live => Style::Success,
            TokenStatus::Superseded => Style::Warning,
            TokenStatus::Expired => Style::Muted,
            TokenStatus::Revoked => Style::Error,
        };
        Self::styled(status.name(), style)
    }
}

impl From<KeyState> for Cell {
    fn from(state: KeyState) -> Self {
        let style = match state {
            KeyState::Active => Style::Success,
            KeyState::Standby | KeyState::Retired => Style::Warning,
            KeyState::Revoked => Style::Error,
        };
        Self::styled(state.name(), style)
    }
}
