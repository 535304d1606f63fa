//! A manual page, and the title line that all manual pages have.

use clap_mangen::roff::Roff;

/// A manual page: file name and content.
pub(super) type Page = (String, String);

/// Returns a page that starts with the title line. Words are not hyphenated, since most long words are
/// names that users type, and lines are not stretched to the right margin. The date is a space: an
/// empty argument would be omitted.
pub(super) fn start_page(name: &str, section: &str) -> Roff {
    let mut roff = Roff::new();
    let source = concat!("jeton ", env!("CARGO_PKG_VERSION"));
    roff.control("TH", [name, section, " ", source, "jeton"])
        .control("nh", [])
        .control("ad", ["l"]);
    roff
}
