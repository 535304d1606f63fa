//! Lists of any length, written in parts: one table or one JSON document.

use super::screen::Screen;
use super::{Console, Delivery, Error, Table, escape_json, render_json_line, write_stdout};
use crate::model::Timestamp;
use serde::Serialize;

/// Start of the JSON document of a list.
const LIST_PREFIX: &str = "{\"items\":[";

impl Console {
    /// Writes items of the JSON document of a list.
    #[expect(clippy::unused_self, reason = "output requires a console")]
    pub(crate) fn write_items(
        &self,
        items: &[impl Serialize],
        is_first_part: bool,
    ) -> Result<Delivery, Error> {
        let mut text = String::new();
        for (index, item) in items.iter().enumerate() {
            text += if is_first_part && index == 0 { "" } else { "," };
            let json = serde_json::to_string(item);
            text += &escape_json(&json.map_err(|error| Error::Output(error.to_string()))?);
        }
        write_stdout(&if is_first_part { format!("{LIST_PREFIX}{text}") } else { text })
    }

    /// Ends the JSON document of a list with everything that follows the items in `empty_list`: the
    /// same document without items.
    #[expect(clippy::unused_self, reason = "output requires a console")]
    pub(crate) fn end_items(&self, empty_list: &impl Serialize) -> Result<Delivery, Error> {
        let text = render_json_line(empty_list)?;
        write_stdout(text.strip_prefix(LIST_PREFIX).unwrap_or(&text))
    }

    /// Writes rows of a table; the column widths depend on these rows only.
    #[expect(clippy::unused_self, reason = "output requires a console")]
    pub(crate) fn write_table(
        &self,
        table: &Table,
        is_first_part: bool,
        now: Option<Timestamp>,
    ) -> Result<Delivery, Error> {
        write_stdout(&table.render_part(Screen::from_stdout(now).as_ref(), is_first_part))
    }
}
