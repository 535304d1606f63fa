//! Whole outputs, compared as they are but for what differs from run to run.

use crate::world::{Ran, World};

/// The text with identities, times, tokens, key material and the home directory replaced.
pub(crate) fn masked(world: &World, text: &str) -> String {
    let text = text.replace(&world.home().to_string_lossy().into_owned(), "~");
    let mut shown = String::new();
    let mut part = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':') {
            part.push(c);
        } else {
            shown += &masked_word(&part);
            part.clear();
            shown.push(c);
        }
    }
    shown + &masked_word(&part)
}

fn masked_word(word: &str) -> String {
    if let Some(name) = word.strip_suffix(".json") {
        return masked_word(name) + ".json";
    }
    let stands = |place: usize, sign: u8| word.as_bytes().get(place) == Some(&sign);
    let mask = if word.len() == 36 && [8, 13, 18, 23].iter().all(|&place| stands(place, b'-')) {
        "<uuid>"
    } else if word.len() == 20 && stands(4, b'-') && stands(10, b'T') && stands(19, b'Z') {
        "<time>"
    } else if word.starts_with("eyJ") && word.split('.').count() == 3 {
        "<token>"
    } else if word.len() == 43 {
        "<key>"
    } else {
        word
    };
    mask.to_owned()
}

/// Both outputs of a run that succeeded.
#[track_caller]
pub(crate) fn says(world: &World, ran: &Ran, out: &str, err: &str) {
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(masked(world, &ran.out), out, "standard output");
    assert_eq!(masked(world, &ran.err), err, "standard error");
}

/// The JSON result of a command that must succeed.
#[track_caller]
pub(crate) fn json_says(world: &World, arguments: &[&str], out: &str) {
    let ran = world.run(&[arguments, &["-o", "json"]].concat());
    says(world, &ran, &format!("{out}\n"), "");
}

/// What a run that failed says, with nothing on standard output.
#[track_caller]
pub(crate) fn refuses(world: &World, ran: &Ran, code: i32, err: &str) {
    assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{ran:?}");
    assert_eq!(masked(world, &ran.err), err, "standard error");
}
