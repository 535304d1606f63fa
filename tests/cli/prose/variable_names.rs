//! Checks that no local variable has the name of the function that returned its value.

#![expect(clippy::wildcard_enum_match_arm, reason = "most kinds of expression do not matter here")]

use super::rust_files;
use crate::architecture::assert_no_violations;
use syn::visit::{self, Visit};
use syn::{Expr, ExprLet, Ident, Local, Pat};

/// The violations in a file: variables that have the name of the function that returned their
/// value. Each violation consists of the line and the name.
///
/// `let session = session()?`, `let session = store::session(id).unwrap()` and
/// `if let Some(session) = session(id)` are violations: a function should be named with a verb, not
/// with the noun for the returned value. Methods (`let id = user.id()`) and associated functions
/// (`let now = Timestamp::now()`) are idiomatic and allowed.
#[derive(Default)]
struct SameNames(Vec<(usize, String)>);

impl SameNames {
    fn check(&mut self, pattern: &Pat, value: &Expr) {
        let (Some(variable), Some(function)) = (variable_of(pattern), function_of(value)) else {
            return;
        };
        if variable == function {
            self.0.push((variable.span().start().line, variable.to_string()));
        }
    }
}

impl<'ast> Visit<'ast> for SameNames {
    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            self.check(&local.pat, &init.expr);
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_let(&mut self, condition: &'ast ExprLet) {
        self.check(&condition.pat, &condition.expr);
        visit::visit_expr_let(self, condition);
    }
}

/// Returns the variable `x` of the patterns `x`, `mut x`, `x: T`, `&x` and `Some(x)` (any tuple
/// struct or tuple variant with one field).
fn variable_of(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(binding) => Some(&binding.ident),
        Pat::Type(typed) => variable_of(&typed.pat),
        Pat::Reference(reference) => variable_of(&reference.pat),
        Pat::Paren(paren) => variable_of(&paren.pat),
        Pat::TupleStruct(tuple) if tuple.elems.len() == 1 => variable_of(tuple.elems.first()?),
        _ => None,
    }
}

/// Returns the name of the function that the expression calls, even if `?`, `.await`, `&`, `unwrap`
/// or `expect` is applied to the call. Returns `None` for other method calls and for associated
/// functions.
fn function_of(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Try(inner) => function_of(&inner.expr),
        Expr::Await(inner) => function_of(&inner.base),
        Expr::Paren(inner) => function_of(&inner.expr),
        Expr::Reference(inner) => function_of(&inner.expr),
        Expr::MethodCall(call) if call.method == "unwrap" || call.method == "expect" => {
            function_of(&call.receiver)
        }
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else { return None };
            let mut segments = path.path.segments.iter().rev().map(|segment| &segment.ident);
            let name = segments.next()?;
            let is_associated = segments.next().is_some_and(is_type);
            (!is_associated).then_some(name)
        }
        _ => None,
    }
}

fn is_type(segment: &Ident) -> bool {
    segment.to_string().starts_with(char::is_uppercase)
}

fn find_same_names(source: &str) -> syn::Result<Vec<(usize, String)>> {
    let mut same_names = SameNames::default();
    same_names.visit_file(&syn::parse_file(source)?);
    Ok(same_names.0)
}

#[test]
fn variables_are_not_named_after_their_function() {
    let mut violations = Vec::new();
    for file in rust_files() {
        for (line, name) in find_same_names(&file.text).unwrap() {
            violations.push(format!(
                "{}:{line}: variable `{name}` has the name of the function that returned it",
                file.path.display()
            ));
        }
    }
    assert_no_violations(&violations);
}

#[test]
fn only_variables_named_after_their_free_function_are_detected() {
    let source = "fn f() -> Option<()> {
        let a = a();
        let mut b: B = x::y::b(1)?;
        let c = &(c().unwrap());
        if let Some(d) = d() {}
        let Ok(e) = super::e() else { return None };
        let id = user.id();
        let now = Timestamp::now();
        let g = g(1).len();
        let h = other();
        None
    }";
    let violations = find_same_names(source).unwrap();
    let found: Vec<_> = violations.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(found, [(2, "a"), (3, "b"), (4, "c"), (5, "d"), (6, "e")]);
}
