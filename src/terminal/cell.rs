//! Cells of tables and field lists: a text, and a colour and a relative time that only a terminal
//! shows.

use super::style::{Screen, Style};
use crate::model::{KeyState, Timestamp, TokenStatus, Untrusted, escape};
use console::measure_text_width;

/// Minimum width of a column with breakable cells.
const MIN_BREAKABLE_WIDTH: usize = 8;

/// Placeholder for a space at which no line is broken; as wide as a space.
const NO_BREAK_MARK: char = '\u{1f}';

/// Mark for a position without a space where a line may be broken; has no width.
const BREAK_MARK: char = '\u{e0001}';

/// Text of a table or field list. Callers escape untrusted text with `to_display`; rendering
/// escapes the text again, which does not change escaped text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    wrap: Wrap,
    style: Option<Style>,
    timestamp: Option<Timestamp>,
}

/// Positions where a text may be broken if the column is too narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrap {
    /// At spaces: ids and times are not split, so that users can copy them.
    AtSpaces,
    /// After commas, and anywhere in a long item.
    AtCommas,
    /// At spaces, and anywhere in long words.
    Anywhere,
}

impl Cell {
    /// Creates a cell for a name, which may be broken anywhere.
    pub(crate) fn breakable(text: impl Into<String>) -> Self {
        Self { wrap: Wrap::Anywhere, ..Self::from(text.into()) }
    }

    /// Creates a cell of comma-separated texts.
    pub(crate) fn from_list(texts: &[Untrusted]) -> Self {
        let texts: Vec<String> = texts.iter().map(Untrusted::to_display).collect();
        Self { wrap: Wrap::AtCommas, ..Self::from(texts.join(",")) }
    }

    /// Creates a cell for a status word with its colour.
    pub(crate) fn styled(word: &str, style: Style) -> Self {
        Self { style: Some(style), ..Self::from(word) }
    }

    /// Adds a relative time after the text: `(in 3 h)`.
    pub(crate) fn with_relative_time(self, timestamp: Timestamp) -> Self {
        Self { timestamp: Some(timestamp), ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the text, followed by the relative time if `now` is given.
    pub(super) fn to_plain_text(&self, now: Option<Timestamp>) -> String {
        let text = escape(&self.text);
        match self.relative_time(now) {
            Some(relative) => format!("{text} {relative}"),
            None => text,
        }
    }

    /// Returns the text for `screen` with marks, which `apply_marks` replaces after line breaking.
    /// Escaped text contains no marks.
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

    /// Returns the cell for the table layout, which breaks lines.
    pub(super) fn to_table_cell(&self, screen: Option<&Screen>) -> comfy_table::Cell {
        comfy_table::Cell::new(self.to_marked_text(screen)).set_delimiter(self.delimiter())
    }

    /// Returns the minimum width, with all permitted line breaks, and the maximum width, without
    /// line breaks.
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

/// Replaces all marks of a line.
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
