//! Dependencies between the files of `src`, which must not form cycles.
//!
//! If the code of a file names an item, the file depends on the file that defines the item. A
//! re-export (`pub use`) alone is not a dependency. Glob imports, the arguments of macros and test
//! code are ignored.

#![expect(clippy::wildcard_enum_match_arm, reason = "most kinds of item do not matter here")]

use super::{assert_no_violations, source_files};
use std::collections::{BTreeMap, BTreeSet};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemFn, Item, ItemUse, Path, UseTree, Visibility};

/// Segments of a path to a module or an item.
type PathSegments = Vec<String>;

/// Names and dependencies of one file.
#[derive(Default)]
struct Module {
    /// Path of the file relative to `src`.
    file: String,
    /// Names of the items that the file defines.
    items: BTreeSet<String>,
    /// Names that `use` declarations (also re-exports) bring into scope, with the imported paths.
    imports: BTreeMap<String, PathSegments>,
    /// Paths in the code and in private `use` declarations.
    references: Vec<PathSegments>,
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test_only(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !is_test_only(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_private = matches!(item.vis, Visibility::Inherited);
        self.add_imports(&item.tree, &mut Vec::new(), is_private);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        self.references
            .push(path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect());
        visit::visit_path(self, path);
    }
}

impl Module {
    /// Adds the names in a tree of a `use` declaration to `imports`. If the declaration is private,
    /// adds the paths to `references`. `prefix` is the path that precedes the tree.
    fn add_imports(&mut self, tree: &UseTree, prefix: &mut PathSegments, is_private: bool) {
        let (name, alias) = match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.unraw().to_string());
                self.add_imports(&path.tree, prefix, is_private);
                prefix.pop();
                return;
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_imports(tree, prefix, is_private);
                }
                return;
            }
            UseTree::Name(name) => (name.ident.to_string(), name.ident.to_string()),
            UseTree::Rename(rename) => (rename.ident.to_string(), rename.rename.to_string()),
            UseTree::Glob(_) => return,
        };
        let mut path = prefix.clone();
        let parent = prefix.last().cloned();
        let alias = if name == "self" { parent.unwrap_or_default() } else { alias };
        path.extend((name != "self").then_some(name));
        if is_private {
            self.references.push(path.clone());
        }
        self.imports.insert(alias, path);
    }
}

/// Returns whether the attributes contain `#[cfg(test)]`.
fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "test")
    })
}

/// Returns the attributes of a module, function, `impl` block or `use` declaration, which may be
/// test code; for other kinds of item, none.
fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Returns the name of a constant, static, function, macro, trait or type; `None` for other items,
/// such as modules and `impl` blocks.
fn item_name(item: &Item) -> Option<String> {
    let identifier = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(identifier.unraw().to_string())
}

/// All parsed files. The key is the path of the module in the file, without the crate root.
struct Modules(BTreeMap<PathSegments, Module>);

impl Modules {
    /// Parses files. Each pair in `files` is the path of a file relative to `src`, and the text of
    /// the file.
    fn parse<'t>(files: impl IntoIterator<Item = (String, &'t str)>) -> Self {
        let mut modules = BTreeMap::new();
        for (file, text) in files {
            let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
            let path: PathSegments =
                path.split('/').filter(|name| *name != "lib").map(str::to_owned).collect();
            let syntax = syn::parse_file(text).unwrap();
            let mut module = Module { file, ..Module::default() };
            module.items = syntax.items.iter().filter_map(item_name).collect();
            module.visit_file(&syntax);
            // Spans that accumulate over many files would slow down the parser.
            proc_macro2::extra::invalidate_current_thread_spans();
            modules.insert(path, module);
        }
        Self(modules)
    }

    /// Returns the file that defines the item to which `path` in the code of the module
    /// `module_path` refers. The search follows imports and re-exports. Returns `None` if the
    /// search fails, or would have to follow `import_limit` imports or re-exports.
    fn find_definition(
        &self,
        module_path: &[String],
        path: &[String],
        import_limit: usize,
    ) -> Option<&Module> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            _ if import_limit == 0 => return None,
            "crate" => return self.find_definition(&[], rest, import_limit),
            "self" => return self.find_definition(module_path, rest, import_limit),
            "super" => {
                return self.find_definition(module_path.split_last()?.1, rest, import_limit);
            }
            _ => {}
        }
        let child = [module_path, std::slice::from_ref(first)].concat();
        if !rest.is_empty() && self.0.contains_key(&child) {
            return self.find_definition(&child, rest, import_limit);
        }
        let scope = self.0.get(module_path)?;
        if scope.items.contains(first) {
            return Some(scope);
        }
        let imported_path = [scope.imports.get(first)?, rest].concat();
        self.find_definition(module_path, &imported_path, import_limit - 1)
    }

    /// Returns each file with the files on which it depends.
    fn dependencies(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        const IMPORT_LIMIT: usize = 8;
        let dependencies_of = |(path, module): (&PathSegments, &Module)| {
            let files = module.references.iter().filter_map(|reference| {
                let definition = self.find_definition(path, reference, IMPORT_LIMIT)?;
                (definition.file != module.file).then_some(definition.file.as_str())
            });
            files.collect::<BTreeSet<_>>()
        };
        self.0.iter().map(|entry| (entry.1.file.as_str(), dependencies_of(entry))).collect()
    }
}

/// Returns the groups of files that depend on each other, directly or through other files. Each
/// group is a comma-separated list.
fn find_cycles(dependencies: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let reachable_from = |start: &str| {
        let (mut reached, mut pending) = (BTreeSet::new(), vec![start.to_owned()]);
        while let Some(file) = pending.pop() {
            for dependency in dependencies.get(file.as_str()).into_iter().flatten() {
                if reached.insert((*dependency).to_owned()) {
                    pending.push((*dependency).to_owned());
                }
            }
        }
        reached
    };
    let reachable: BTreeMap<&str, _> =
        dependencies.keys().map(|file| (*file, reachable_from(file))).collect();
    let mut cycles = BTreeSet::new();
    for (file, reached) in &reachable {
        if reached.contains(*file) {
            let group = reached.iter().filter(|other| reachable[other.as_str()].contains(*file));
            cycles.insert(group.cloned().collect::<Vec<_>>().join(", "));
        }
    }
    cycles.into_iter().collect()
}

#[test]
fn files_do_not_depend_on_each_other_in_cycles() {
    let files = source_files("src");
    let is_test = |path: &str| {
        path.contains("/tests/") || path.ends_with("tests.rs") || path.contains("test_store")
    };
    let files = files.iter().map(|file| (file.path.display().to_string(), file.text.as_str()));
    let files = files.map(|(path, text)| (path.trim_start_matches("src/").to_owned(), text));
    let modules = Modules::parse(files.filter(|(path, _)| !is_test(path) && path != "main.rs"));
    assert_no_violations(&find_cycles(&modules.dependencies()));
}

#[test]
fn cycles_are_detected_and_reexports_and_test_code_are_ignored() {
    let cycles = |files: &[(&str, &'static str)]| {
        let files = files.iter().map(|(file, text)| ((*file).to_owned(), *text));
        find_cycles(&Modules::parse(files).dependencies())
    };
    let parent = ("a/mod.rs", "pub use b::F; const C: u8 = 1; #[cfg(test)] use c::G;");
    let child = ("a/b.rs", "use super::{C, c}; pub struct F; fn f() { c::g() }");
    assert_eq!(cycles(&[parent, child, ("a/c.rs", "pub fn g() {}")]), [""; 0]);
    let sibling = ("a/c.rs", "pub fn g(_: crate::a::F) {}");
    assert_eq!(cycles(&[parent, child, sibling]), ["a/b.rs, a/c.rs"]);
    let using_parent = ("a/mod.rs", "pub use b::F; const C: u8 = 1; fn f(_: F) {}");
    assert_eq!(cycles(&[using_parent, child]), ["a/b.rs, a/mod.rs"]);
}
