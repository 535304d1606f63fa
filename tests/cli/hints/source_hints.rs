//! Texts of the hints in the source code.

use crate::architecture::source_files;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::path::Path;
use syn::visit::{self, Visit};
use syn::{
    Expr, ExprAssign, ExprCall, ExprMethodCall, FieldValue, Lit, LitStr, Local, Member, Pat,
};

/// Returns the hints that [`Hints`] finds in the source code, except in tests. The hints contain
/// placeholders as in `format!`.
pub(super) fn collect() -> BTreeSet<String> {
    let mut hints = Hints::default();
    let is_test = |path: &Path| path.with_extension("").iter().any(|part| part == "tests");
    for file in source_files("src").into_iter().filter(|file| !is_test(&file.path)) {
        hints.visit_file(&syn::parse_file(&file.text).unwrap());
    }
    hints.0
}

/// Returns whether `text` is a printed form of the hint `pattern`: the same text, except that a
/// value replaces each placeholder and each `FILE`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern = pattern.replace("FILE", "{}");
    let mut rest = text;
    let mut is_first = true;
    let literals =
        pattern.split('{').map(|part| part.split_once('}').map_or(part, |(_, literal)| literal));
    for literal in literals {
        let Some(position) = rest.find(literal) else { return false };
        if is_first && position > 0 {
            return false;
        }
        is_first = false;
        rest = &rest[position + literal.len()..];
    }
    rest.is_empty() || pattern.ends_with('}')
}

/// Hints of error messages. A hint is a string literal with the form of a complete hint, see
/// [`Self::add_all`], in one of these places: an argument of `with_hint` or of the error variant
/// `ActiveAppKey`, the value of a field or variable named `hint`, a constant named `..._HINT`, or a
/// function with `hint` in its name, except functions named `print...`. Hints in other places, for
/// example in a tuple with the message, are not found.
#[derive(Default)]
struct Hints(BTreeSet<String>);

impl Hints {
    /// Adds the hints among the string literals that `visit` collects.
    fn add_all(&mut self, visit: impl FnOnce(&mut Literals)) {
        let mut literals = Literals(Vec::new());
        visit(&mut literals);
        // A complete hint starts with a lower-case letter, does not start with `jeton `, and
        // contains a space. Other literals are only parts of a hint.
        let is_hint = |text: &String| {
            text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.starts_with("jeton ")
        };
        self.0.extend(literals.0.into_iter().filter(|text| text.contains(' ') && is_hint(text)));
    }

    /// Adds the hints of a function with `hint` in its name.
    fn visit_function(&mut self, name: &syn::Ident, block: &syn::Block) {
        let name = name.to_string();
        // The hints in functions named `print...` do not belong to errors.
        if name.contains("hint") && !name.starts_with("print") {
            self.add_all(|literals| literals.visit_block(block));
        }
    }
}

impl<'ast> Visit<'ast> for Hints {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if call.method == "with_hint" {
            self.add_all(|literals| call.args.iter().for_each(|a| literals.visit_expr(a)));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(path) = &*call.func
            && path.path.segments.last().is_some_and(|name| name.ident == "ActiveAppKey")
        {
            self.add_all(|literals| call.args.iter().for_each(|a| literals.visit_expr(a)));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_assign(&mut self, assignment: &'ast ExprAssign) {
        if let Expr::Field(field) = &*assignment.left
            && matches!(&field.member, Member::Named(name) if name == "hint")
        {
            self.add_all(|literals| literals.visit_expr(&assignment.right));
        }
        visit::visit_expr_assign(self, assignment);
    }

    fn visit_field_value(&mut self, field: &'ast FieldValue) {
        if matches!(&field.member, Member::Named(name) if name == "hint") {
            self.add_all(|literals| literals.visit_expr(&field.expr));
        }
        visit::visit_field_value(self, field);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if matches!(&local.pat, Pat::Ident(name) if name.ident == "hint")
            && let Some(init) = &local.init
        {
            self.add_all(|literals| literals.visit_expr(&init.expr));
        }
        visit::visit_local(self, local);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if item.ident.to_string().ends_with("_HINT") {
            self.add_all(|literals| literals.visit_expr(&item.expr));
        }
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        if item.ident.to_string().ends_with("_HINT") {
            self.add_all(|literals| literals.visit_expr(&item.expr));
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.visit_function(&function.sig.ident, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.visit_function(&function.sig.ident, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
}

/// String literals of an expression or a block, also in macros, but not in attributes.
struct Literals(Vec<String>);

impl Literals {
    fn add_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Literal(literal) => {
                    if let Lit::Str(text) = Lit::new(literal) {
                        self.0.push(text.value());
                    }
                }
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        self.0.push(literal.value());
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}
