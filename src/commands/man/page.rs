//! A manual page, and the title line that all manual pages have.

use clap_mangen::roff::Roff;

/// A manual page: file name and content.
pub(super) type Page = (String, String);

/// Returns a page that consists of the title line. `section` is the section of the manual. On the
/// page, lines are not stretched to the right margin, and words are not hyphenated, since most long
/// words are names that users type. The date in the title line is a space: an empty argument would
/// be omitted, and the next argument would become the date.
pub(super) fn start_page(name: &str, section: &str) -> Roff {
    let mut roff = Roff::new();
    let source = concat!("jeton ", env!("CARGO_PKG_VERSION"));
    roff.control("TH", [name, section, " ", source, "jeton"])
        .control("nh", [])
        .control("ad", ["l"]);
    roff
}
