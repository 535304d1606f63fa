//! Results on standard output, in every output format.

use super::style::{Screen, Style, should_colour};
use super::table::{self, Table};
use super::{Cell, Console, Delivery, Error, OutputFormat, Rendered, Report};
use crate::model::{
    Timestamp, escape, escape_json, is_printable_ascii, render_csv_header, render_csv_rows,
};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::{Errno, retry_on_intr};
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Maximum number of rows per write to standard output.
const MAX_ROWS_PER_WRITE: usize = 1_000;

/// Start of the JSON document of a list.
const LIST_PREFIX: &str = "{\"items\":[";

impl Console {
    /// Writes a result to standard output. A terminal also shows times relative to `now`.
    pub(crate) fn write_result(
        &self,
        report: &impl Report,
        now: Option<Timestamp>,
    ) -> Result<Delivery, Error> {
        let text = match self.format {
            OutputFormat::Json | OutputFormat::JsonLines => render_json_line(report)?,
            OutputFormat::Text
            | OutputFormat::Wide
            | OutputFormat::Csv
            | OutputFormat::Name
            | OutputFormat::Dotenv
            | OutputFormat::Github => match report.render() {
                Rendered::Nothing => return Ok(Delivery::Done),
                Rendered::Lines(lines) => lines.iter().map(|line| escape(line) + "\n").collect(),
                Rendered::StyledLines(cells) => {
                    let screen = Screen::from_stdout(now);
                    let render =
                        |cell: &Cell| Style::apply_styles(&cell.to_marked_text(&screen)) + "\n";
                    cells.iter().map(render).collect()
                }
                Rendered::Json(value) => {
                    let json = serde_json::to_string_pretty(&value);
                    let json = json.map_err(|error| Error::Output(error.to_string()))?;
                    escape_json(&json).into_owned() + "\n"
                }
                Rendered::Fields(fields) => {
                    table::render_fields(&fields, &Screen::from_stdout(now))
                }
            },
        };
        write_stdout(&text)
    }

    /// Writes `lines`, which contains complete lines, to standard output without escaping.
    #[expect(clippy::unused_self, reason = "all output goes through a console")]
    pub(crate) fn write_lines(&self, lines: &[u8]) -> Result<(), PartialWrite> {
        let mut rest = lines;
        while !rest.is_empty() {
            // The buffer of the standard library would hide how much was written.
            let result = retry_on_intr(|| rustix::io::write(rustix::stdio::stdout(), rest));
            match result {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) => {
                    let written = lines.get(..lines.len() - rest.len()).unwrap_or_default();
                    let line_count = written.split(|byte| *byte == b'\n').count() - 1;
                    return Err(PartialWrite { line_count, has_reader: error != Errno::PIPE });
                }
            }
        }
        Ok(())
    }

    /// Writes lines of JSON to standard output.
    #[expect(clippy::unused_self, reason = "all output goes through a console")]
    pub(crate) fn write_json_lines(&self, lines: &JsonLines) -> Result<Delivery, Error> {
        write_stdout_bytes(&lines.0)
    }

    /// Writes a batch of rows to standard output, as JSON Lines or as CSV. A batch is a part of a
    /// list that is written in several calls. If `with_csv_header` is set and the batch is not
    /// empty, the CSV text starts with a header.
    pub(crate) fn write_rows(
        &self,
        rows: &[impl Serialize],
        with_csv_header: bool,
    ) -> Result<Delivery, Error> {
        for (index, chunk) in rows.chunks(MAX_ROWS_PER_WRITE).enumerate() {
            let text = match self.format {
                OutputFormat::Csv => render_csv(chunk, with_csv_header && index == 0)?,
                OutputFormat::Text
                | OutputFormat::Wide
                | OutputFormat::Json
                | OutputFormat::JsonLines
                | OutputFormat::Name
                | OutputFormat::Dotenv
                | OutputFormat::Github => {
                    chunk.iter().map(render_json_line).collect::<Result<_, _>>()?
                }
            };
            if write_stdout(&text)? == Delivery::NoReader {
                return Ok(Delivery::NoReader);
            }
        }
        Ok(Delivery::Done)
    }

    /// Writes the CSV header of a list. The output of a list without rows is only this header.
    #[expect(clippy::unused_self, reason = "all output goes through a console")]
    pub(crate) fn write_csv_header(&self, columns: &[&str]) -> Result<Delivery, Error> {
        write_stdout(&render_csv_header(columns.iter().copied()))
    }

    /// Writes escaped ids to standard output, one per line.
    #[expect(clippy::unused_self, reason = "all output goes through a console")]
    pub(crate) fn write_ids(&self, ids: &[String]) -> Result<Delivery, Error> {
        let lines: String = ids.iter().map(|id| escape(id) + "\n").collect();
        write_stdout(&lines)
    }

    /// Writes trusted text, such as a completion script, to standard output without escaping. If
    /// standard output shows no colours, removes the escape sequences for styles from the text.
    #[expect(clippy::unused_self, reason = "all output goes through a console")]
    pub(crate) fn write_styled_text(&self, text: &str) -> Result<Delivery, Error> {
        let mut plain = anstream::StripStream::new(Vec::new());
        if !should_colour(&io::stdout(), console::colors_enabled) {
            // Writing to memory does not fail.
            let _ = plain.write_all(text.as_bytes());
            return write_stdout(&String::from_utf8_lossy(&plain.into_inner()));
        }
        write_stdout(text)
    }

    /// Writes a batch of items of a list. All batches of the list form one JSON document, which
    /// [`Console::end_item_list`] ends.
    #[expect(clippy::unused_self, reason = "all output goes through a console")]
    pub(crate) fn write_items(
        &self,
        items: &[impl Serialize],
        is_first_batch: bool,
    ) -> Result<Delivery, Error> {
        let mut text = String::new();
        for (index, item) in items.iter().enumerate() {
            text += if is_first_batch && index == 0 { "" } else { "," };
            let json = serde_json::to_string(item);
            text += &escape_json(&json.map_err(|error| Error::Output(error.to_string()))?);
        }
        write_stdout(&if is_first_batch { format!("{LIST_PREFIX}{text}") } else { text })
    }

    /// Ends the JSON document of a list: writes the end of the array `items`, and the members after
    /// `items`. `empty_list` has the same members and an empty array.
    #[expect(clippy::unused_self, reason = "all output goes through a console")]
    pub(crate) fn end_item_list(&self, empty_list: &impl Serialize) -> Result<Delivery, Error> {
        let text = render_json_line(empty_list)?;
        write_stdout(text.strip_prefix(LIST_PREFIX).unwrap_or(&text))
    }

    /// Writes a batch of rows of a table. The column widths do not depend on other batches.
    /// Unless the format is wide, a terminal shows times relative to `now`, and long texts are
    /// shortened to its width.
    pub(crate) fn write_table(
        &self,
        table: &Table,
        is_first_batch: bool,
        now: Option<Timestamp>,
    ) -> Result<Delivery, Error> {
        let is_wide = self.format == OutputFormat::Wide;
        let screen = Screen { is_wide, ..Screen::from_stdout(now) };
        write_stdout(&table.render_part(&screen, is_first_batch))
    }
}

/// A write that failed before all lines were written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartialWrite {
    /// Number of lines that were written completely.
    pub(crate) line_count: usize,
    /// `false` if the reader closed standard output (broken pipe).
    pub(crate) has_reader: bool,
}

/// Rendered lines of JSON, which another thread can write later.
#[derive(Debug, Default)]
pub(crate) struct JsonLines(Vec<u8>);

impl JsonLines {
    /// Creates an empty buffer with space for `bytes` bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Returns the lines.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Appends the bytes of another buffer that are in `range`.
    pub(crate) fn push_part(&mut self, lines: &Self, range: Range<usize>) {
        self.0.extend_from_slice(lines.0.get(range).unwrap_or_default());
    }

    /// Appends a rendered line, or a part of a rendered line, unchanged.
    pub(crate) fn push_rendered(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Appends a value as a line of JSON.
    pub(crate) fn push(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let start = self.0.len();
        serde_json::to_writer(&mut self.0, value)
            .map_err(|error| Error::Output(error.to_string()))?;
        let line = self.0.get(start..).unwrap_or_default();
        if !is_printable_ascii(line) {
            let escaped = escape_json(&String::from_utf8_lossy(line)).into_owned();
            self.0.truncate(start);
            self.0.extend(escaped.into_bytes());
        }
        self.0.push(b'\n');
        Ok(())
    }
}

fn render_json_line(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string(value).map_err(|error| Error::Output(error.to_string()))?;
    Ok(escape_json(&json).into_owned() + "\n")
}

fn render_csv(rows: &[impl Serialize], with_header: bool) -> Result<String, Error> {
    let to_row = |row| match serde_json::to_value(row) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(_) => Err(Error::Output("a row is not a JSON object".to_owned())),
        Err(error) => Err(Error::Output(error.to_string())),
    };
    let rows: Vec<Map<String, Value>> = rows.iter().map(to_row).collect::<Result<_, _>>()?;
    let first_row = rows.first().filter(|_| with_header);
    let header = first_row.map(|row| render_csv_header(row.keys().map(String::as_str)));
    Ok(header.unwrap_or_default() + &render_csv_rows(&rows))
}

fn write_stdout(text: &str) -> Result<Delivery, Error> {
    write_stdout_bytes(text.as_bytes())
}

fn write_stdout_bytes(bytes: &[u8]) -> Result<Delivery, Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Delivery::Done),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Delivery::NoReader),
        Err(error) => Err(Error::Output(error.to_string())),
    }
}

/// Set if standard output was closed at process start. Before `main`, Rust replaces a closed
/// standard output with `/dev/null`, where output is lost without an error.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

ctor::declarative::ctor! {
    /// Sets [`IS_CLOSED`]. Runs before the Rust runtime opens `/dev/null`.
    #[ctor(unsafe)]
    fn record_stdout_state() {
        IS_CLOSED.store(fcntl_getfl(rustix::stdio::stdout()).is_err(), Ordering::Relaxed);
    }
}

/// Returns whether standard output is a terminal.
pub(crate) fn is_stdout_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Returns whether standard output was open at process start and is not read-only.
pub(crate) fn is_stdout_writable() -> bool {
    let is_read_only = || {
        fcntl_getfl(rustix::stdio::stdout())
            .is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDONLY)
    };
    !IS_CLOSED.load(Ordering::Relaxed) && !is_read_only()
}
