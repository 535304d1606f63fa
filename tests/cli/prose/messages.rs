//! Style of error messages and hints: no capitalized first word, no full stop at the end.

#![expect(clippy::wildcard_enum_match_arm, reason = "most kinds of expression do not matter here")]

use crate::architecture::{assert_no_violations, source_files};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, ExprLit, ExprMethodCall, Lit, LitStr};

/// The types with functions, such as `Failure::usage`, that take the text of a message.
const ERROR_TYPES: &[&str] = &["Error", "Failure", "Invalid"];

/// The style faults of the messages in a file, each as the line and a description. A message is the
/// text of `#[error("…")]`, or an argument of `with_hint` or of a function of `ERROR_TYPES` that is
/// a string literal or a call of `format!`.
#[derive(Default)]
struct MessageFaults(Vec<(usize, String)>);

impl MessageFaults {
    /// Adds the fault of a message, if any.
    fn check(&mut self, literal: &LitStr) {
        let message = literal.value();
        let fault = if opens_with_capital(&message) {
            "opens with a capital letter"
        } else if message.ends_with('.') {
            "ends with a full stop"
        } else {
            return;
        };
        self.0.push((literal.span().start().line, format!("`{message}` {fault}")));
    }

    /// Checks the format string of a macro or attribute: the first of its tokens.
    fn check_format_string(&mut self, tokens: &TokenStream) {
        if let Some(TokenTree::Literal(literal)) = tokens.clone().into_iter().next()
            && let Lit::Str(literal) = Lit::new(literal)
        {
            self.check(&literal);
        }
    }

    fn check_argument(&mut self, argument: &Expr) {
        match argument {
            Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => self.check(literal),
            Expr::Macro(call) if call.mac.path.is_ident("format") => {
                self.check_format_string(&call.mac.tokens);
            }
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for MessageFaults {
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("error")
            && let Ok(list) = attribute.meta.require_list()
        {
            self.check_format_string(&list.tokens);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(path) = &*call.func
            && let Some(type_segment) = path.path.segments.iter().rev().nth(1)
            && ERROR_TYPES.iter().any(|name| type_segment.ident == name)
        {
            call.args.iter().for_each(|argument| self.check_argument(argument));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if call.method == "with_hint" {
            call.args.iter().for_each(|argument| self.check_argument(argument));
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// Returns whether the first word is capitalized: an upper-case letter, then only lower-case
/// letters. `JSON`, `SQLite` and `Ctrl-C` are not capitalized words in this sense.
fn opens_with_capital(message: &str) -> bool {
    let word = message.split(|c: char| c.is_whitespace() || c == ':').next().unwrap_or_default();
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.all(char::is_lowercase)
}

fn find_faults(source: &str) -> syn::Result<Vec<(usize, String)>> {
    let mut faults = MessageFaults::default();
    faults.visit_file(&syn::parse_file(source)?);
    Ok(faults.0)
}

#[test]
fn messages_have_neither_capitalized_first_word_nor_full_stop() {
    let mut violations = Vec::new();
    for file in source_files("src") {
        for (line, fault) in find_faults(&file.text).unwrap() {
            violations.push(format!("{}:{line}: {fault}", file.path.display()));
        }
    }
    assert_no_violations(&violations);
}

#[test]
fn faulty_messages_are_detected() {
    let source = "
        #[derive(Error)]
        enum E {
            #[error(\"User exists\")] A,
            #[error(\"JSON is not valid: {0}\")] B(u8),
            #[error(\"user exists.\")] C,
        }
        fn f() {
            Failure::usage(format!(\"Bad {}\", 1)).with_hint(\"use `--x`.\");
            Failure::new(Kind::Usage, \"usage\", \"user exists\");
            String::from(\"Text.\");
        }";
    let lines: Vec<usize> =
        find_faults(source).unwrap().into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [4, 6, 9, 9]);
}
