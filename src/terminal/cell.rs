//! Cells of tables and of lists of fields. A cell is a text with an optional style. On a terminal,
//! a cell with a time shows the relative time, such as `in 3 h`: in a table instead of the time,
//! except in the wide format; in a list of fields or on a separate line after the time.

use super::style::{Screen, Style};
use crate::model::{KeyState, Timestamp, TokenStatus, Untrusted, escape};
use console::{measure_text_width, truncate_str};
use indicatif::HumanBytes;

/// Minimum width of a column whose texts are shortened.
const MIN_SHORTENED_WIDTH: usize = 8;

/// End of a shortened text.
const ELLIPSIS: &str = "…";

/// Text in a table, in a list of fields or on a separate line. Callers escape untrusted text with
/// `to_display`; rendering escapes the text again, which does not change escaped text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    shortening: Shortening,
    style: Option<Style>,
    /// The time, if the text is a time.
    timestamp: Option<Timestamp>,
}

/// Positions at which a text may be cut off if the column of a table is too narrow for the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shortening {
    Never,
    Anywhere,
    /// After a comma. If even the first item of the list does not fit: anywhere.
    AfterComma,
}

impl Cell {
    /// Creates a cell for a name or an id, which may be shortened.
    pub(crate) fn shortenable(text: impl Into<String>) -> Self {
        Self { shortening: Shortening::Anywhere, ..Self::from(text.into()) }
    }

    /// Creates a cell of comma-separated texts.
    pub(crate) fn from_list(texts: &[Untrusted]) -> Self {
        let texts: Vec<String> = texts.iter().map(Untrusted::to_display).collect();
        Self { shortening: Shortening::AfterComma, ..Self::from(texts.join(",")) }
    }

    /// Creates a cell for a number of bytes, such as `1.20 MiB`.
    pub(crate) fn from_size(bytes: u64) -> Self {
        Self::from(HumanBytes(bytes).to_string())
    }

    /// Creates a cell for a status word or heading with its style.
    pub(crate) fn styled(text: &str, style: Style) -> Self {
        Self { style: Some(style), ..Self::from(text) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the escaped text. If the cell has a time and `now` is given, the relative time
    /// follows, such as ` (in 3 h)`.
    pub(super) fn to_plain_text(&self, now: Option<Timestamp>) -> String {
        let text = escape(&self.text);
        match self.relative_time(now) {
            Some(relative) => format!("{text} ({relative})"),
            None => text,
        }
    }

    /// Returns the text as [`Cell::to_plain_text`] does. If the screen has colours, adds style
    /// marks: characters that mark the start and the end of a style.
    pub(super) fn to_marked_text(&self, screen: &Screen) -> String {
        self.add_marks(&self.to_plain_text(screen.now), screen)
    }

    /// Returns the text for a table. On a terminal, the relative time replaces the time, except in
    /// the wide format.
    fn to_table_text(&self, screen: &Screen) -> String {
        let now = screen.now.filter(|_| !screen.is_wide);
        self.relative_time(now).unwrap_or_else(|| escape(&self.text))
    }

    /// Returns the text for a table, with style marks if the screen has colours. If `width` is
    /// given, shortens the text to this width at most.
    pub(super) fn to_marked_table_text(&self, screen: &Screen, width: Option<usize>) -> String {
        let text = self.to_table_text(screen);
        let text = width.map_or_else(|| text.clone(), |width| self.shorten(&text, width));
        self.add_marks(&text, screen)
    }

    fn add_marks(&self, text: &str, screen: &Screen) -> String {
        match self.style {
            Some(style) if screen.has_colour => style.add_marks(text),
            _ => text.to_owned(),
        }
    }

    /// Shortens a text to at most `width` columns, including the ellipsis. A text that fits is
    /// unchanged.
    fn shorten(&self, text: &str, width: usize) -> String {
        let fits = |part: &str| measure_text_width(part) + ELLIPSIS.chars().count() <= width;
        let last_item_end = match self.shortening {
            Shortening::AfterComma if measure_text_width(text) > width => {
                text.rmatch_indices(',').map(|(comma, _)| comma + 1).find(|end| fits(&text[..*end]))
            }
            Shortening::Never | Shortening::Anywhere | Shortening::AfterComma => None,
        };
        match last_item_end {
            Some(end) => text[..end].to_owned() + ELLIPSIS,
            None => truncate_str(text, width, ELLIPSIS).into_owned(),
        }
    }

    fn relative_time(&self, now: Option<Timestamp>) -> Option<String> {
        self.timestamp.zip(now).map(|(time, now)| time.to_relative(now))
    }

    /// Returns the minimum and the maximum width in a table. The minimum is the width of the text
    /// shortened as far as possible, the maximum is the width of the complete text.
    pub(super) fn measure_widths(&self, screen: &Screen) -> (usize, usize) {
        let width = measure_text_width(&self.to_table_text(screen));
        let is_never_shortened = screen.is_wide || self.shortening == Shortening::Never;
        (if is_never_shortened { width } else { width.min(MIN_SHORTENED_WIDTH) }, width)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, shortening: Shortening::Never, style: None, timestamp: None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<Timestamp> for Cell {
    fn from(time: Timestamp) -> Self {
        Self { timestamp: Some(time), ..Self::from(time.to_string()) }
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
