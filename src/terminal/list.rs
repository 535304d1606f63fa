//! Lists of any length, written in parts: one table, or one document of JSON.

use super::screen::Screen;
use super::{Delivery, Error, Table, Voice, escaped_json, json_line, written};
use crate::model::Timestamp;
use serde::Serialize;

/// The beginning of the document of a list.
const BEGINNING: &str = "{\"items\":[";

impl Voice {
    #[expect(clippy::unused_self, reason = "nothing is written without a voice")]
    /// Writes items of the document of a list.
    pub(crate) fn items(
        &self,
        items: &[impl Serialize],
        is_first: bool,
    ) -> Result<Delivery, Error> {
        let mut text = String::new();
        for (number, item) in items.iter().enumerate() {
            text += if is_first && number == 0 { "" } else { "," };
            let json = serde_json::to_string(item);
            text += &escaped_json(&json.map_err(|error| Error::Output(error.to_string()))?);
        }
        written(&if is_first { format!("{BEGINNING}{text}") } else { text })
    }

    #[expect(clippy::unused_self, reason = "nothing is written without a voice")]
    /// Ends the document of a list like that of a list without items.
    pub(crate) fn end_of_items(&self, empty: &impl Serialize) -> Result<Delivery, Error> {
        let text = json_line(empty)?;
        written(text.strip_prefix(BEGINNING).unwrap_or(&text))
    }

    #[expect(clippy::unused_self, reason = "nothing is written without a voice")]
    /// Writes rows of a table; its columns are as wide as these rows need.
    pub(crate) fn table(
        &self,
        table: &Table,
        is_first: bool,
        now: Option<Timestamp>,
    ) -> Result<Delivery, Error> {
        written(&table.render_part(Screen::of_results(now).as_ref(), is_first))
    }
}
