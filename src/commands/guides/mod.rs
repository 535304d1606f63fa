//! The guides in `src/guides`: their names and sections, and the text of a guide for the terminal.

mod markdown;
mod plain_text;
#[cfg(test)]
mod tests;

pub(super) use markdown::{Block, Span, Text};

/// A guide: its name on the command line, and its Markdown.
pub(super) struct Guide {
    pub(super) name: &'static str,
    markdown: &'static str,
}

/// The guides in the order of the help.
pub(super) const GUIDES: [Guide; 12] = [
    Guide { name: "tour", markdown: include_str!("../../guides/tour.md") },
    Guide { name: "jobs", markdown: include_str!("../../guides/jobs.md") },
    Guide { name: "install", markdown: include_str!("../../guides/install.md") },
    Guide { name: "ci", markdown: include_str!("../../guides/ci.md") },
    Guide { name: "test-tokens", markdown: include_str!("../../guides/test-tokens.md") },
    Guide { name: "accounts", markdown: include_str!("../../guides/accounts.md") },
    Guide { name: "keys", markdown: include_str!("../../guides/keys.md") },
    Guide { name: "administration", markdown: include_str!("../../guides/administration.md") },
    Guide { name: "scripting", markdown: include_str!("../../guides/scripting.md") },
    Guide { name: "security", markdown: include_str!("../../guides/security.md") },
    Guide { name: "performance", markdown: include_str!("../../guides/performance.md") },
    Guide { name: "many-machines", markdown: include_str!("../../guides/many-machines.md") },
];

/// A help topic: some sections of a guide, or a whole guide under another name.
struct Topic {
    name: &'static str,
    guide_name: &'static str,
    /// Headings of the sections; empty for the whole guide.
    sections: &'static [&'static str],
}

const TOPICS: [Topic; 4] = [
    Topic {
        name: "environment",
        guide_name: "scripting",
        sections: &["Environment variables", "Files"],
    },
    Topic { name: "exit-codes", guide_name: "scripting", sections: &["Exit codes"] },
    Topic { name: "output", guide_name: "scripting", sections: &["Output"] },
    Topic { name: "trust", guide_name: "security", sections: &[] },
];

impl Guide {
    /// Returns the guide with this name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        GUIDES.iter().find(|guide| guide.name == name)
    }

    /// Returns the parsed blocks. The first block is the title.
    pub(super) fn blocks(&self) -> Vec<Block> {
        markdown::parse(self.markdown)
    }

    /// Returns the blocks of the section with this level-2 heading, without the heading itself. The
    /// result is empty if the guide has no such heading.
    pub(super) fn section(&self, heading: &str) -> Vec<Block> {
        let is_start = |block: &Block| matches!(block, Block::Heading { level: 2, text } if text.to_string() == heading);
        let is_end = |block: &Block| matches!(block, Block::Heading { level: ..=2, .. });
        let blocks = self.blocks().into_iter().skip_while(|block| !is_start(block)).skip(1);
        blocks.take_while(|block| !is_end(block)).collect()
    }
}

/// Returns the names of guides and topics.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let guides = GUIDES.iter().map(|guide| guide.name);
    guides.chain(TOPICS.iter().map(|topic| topic.name))
}

/// Returns the text of a guide or topic for the terminal. `None` for an unknown name.
pub(super) fn render_guide_or_topic(name: &str) -> Option<String> {
    if let Some(guide) = Guide::find(name) {
        return Some(plain_text::render(&guide.blocks()));
    }
    let topic = TOPICS.iter().find(|topic| topic.name == name)?;
    let guide = Guide::find(topic.guide_name)?;
    let blocks = match topic.sections {
        [] => guide.blocks(),
        sections => sections.iter().flat_map(|heading| guide.section(heading)).collect(),
    };
    Some(plain_text::render(&blocks))
}
