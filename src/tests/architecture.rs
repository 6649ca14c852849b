//! Architecture rules, checked against the sources: which layer and which module may use which, and
//! no dependency cycle between files, direct or indirect.
//!
//! A layer is a crate; its `Cargo.toml` is compared with `LAYERS`. Sources are parsed with
//! `syn`, so every form of `use` is seen. A re-exported name counts as one of the file that defines
//! it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::Path,
};

use syn::{
    Attribute, Item, UseTree, Visibility,
    visit::{self, Visit},
};

use crate::support::sources;

/// Crates that a crate may depend on.
const LAYERS: [(&str, &[&str]); 7] = [
    ("domain", &[]),
    ("campaign", &["domain"]),
    ("store", &["domain"]),
    ("service", &["domain", "store"]),
    ("islands", &["domain"]),
    ("ui", &["domain", "service", "islands"]),
    ("server", &["domain", "campaign", "store", "service", "ui"]),
];

/// Modules of the same crate that a module may use. A module without a row is not restricted.
const MODULES: [(&str, &[&str]); 15] = [
    ("server/cli", &["config"]),
    ("server/config", &["http", "ops", "session", "wechat"]),
    ("server/http", &["state"]),
    ("server/session", &["http", "state"]),
    ("server/forms", &["http", "session", "state"]),
    ("server/wechat", &["config", "http", "session", "state"]),
    ("server/pages", &["forms", "http", "session", "state", "wechat"]),
    ("server/handlers", &["forms", "http", "pages", "session", "state"]),
    ("server/ops", &["http", "state"]),
    ("store/sql", &["encryption", "error"]),
    ("store/encryption", &["base", "error", "sql"]),
    ("store/counts", &["base", "error", "sql"]),
    ("store/signature", &["base", "counts", "encryption", "error", "sql", "staff"]),
    ("store/report", &["base", "counts", "error", "sql", "staff", "visitor"]),
    ("store/visitor", &["base", "counts", "error", "message", "report", "signature", "sql"]),
];

/// Path of a module, from the crate name.
type Module = Vec<String>;

/// What a file uses, as full paths, and what it re-exports, by the new name.
#[derive(Default)]
struct Names {
    module: Module,
    used: BTreeSet<Module>,
    reexports: BTreeMap<String, Module>,
}

impl Names {
    /// Full path of `path`, if it belongs to this crate.
    fn full_path(&self, path: &[String]) -> Option<Module> {
        let ups = path.iter().take_while(|part| *part == "super").count();
        match path[0].as_str() {
            "crate" => Some([&self.module[..1], &path[1..]].concat()),
            "self" => Some([&self.module, &path[1..]].concat()),
            "super" => {
                let up = self.module.len().checked_sub(ups)?;
                Some([&self.module[..up], &path[ups..]].concat())
            }
            _ => None,
        }
    }

    fn read_use(&mut self, tree: &UseTree, before: &[String], public: bool) {
        let with = |name: &dyn fmt::Display| [before, &[name.to_string()]].concat();
        let (path, name) = match tree {
            UseTree::Path(path) => return self.read_use(&path.tree, &with(&path.ident), public),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.read_use(tree, before, public));
            }
            UseTree::Glob(_) => (before.to_vec(), None),
            UseTree::Name(name) if name.ident == "self" => {
                (before.to_vec(), before.last().cloned())
            }
            UseTree::Name(name) => (with(&name.ident), Some(name.ident.to_string())),
            UseTree::Rename(rename) => (with(&rename.ident), Some(rename.rename.to_string())),
        };
        if let Some(full) = self.full_path(&path) {
            if let Some(name) = name.filter(|_| public) {
                self.reexports.insert(name, full.clone());
            }
            self.used.insert(full);
        }
    }
}

fn is_cfg_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|what| what == "test")
    })
}

impl<'s> Visit<'s> for Names {
    fn visit_item(&mut self, item: &'s Item) {
        match item {
            Item::Mod(module) if is_cfg_test(&module.attrs) => {}
            Item::Use(used) => {
                let public = !matches!(used.vis, Visibility::Inherited);
                self.read_use(&used.tree, &[], public);
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'s syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        self.used.extend(self.full_path(&parts).filter(|_| parts.len() > 1));
        visit::visit_path(self, path);
    }
}

/// Module path of a source file.
fn module_of(path: &str) -> Module {
    let name = path.trim_start_matches("src/").trim_end_matches(".rs");
    let name = name.trim_end_matches("/mod").trim_end_matches("/lib");
    name.split('/').map(str::to_owned).collect()
}

/// Dependency graph of the library: per file, the names it uses and the files that define them.
struct DependencyGraph(BTreeMap<Module, (BTreeSet<Module>, BTreeSet<Module>)>);

impl DependencyGraph {
    fn read() -> Self {
        let mut files: BTreeMap<Module, Names> = BTreeMap::new();
        for (path, text) in sources::library_files() {
            let mut names = Names { module: module_of(&path), ..Names::default() };
            names.visit_file(&syn::parse_file(&text).unwrap());
            files.insert(names.module.clone(), names);
        }
        let uses = |names: &Names| {
            let defining = names.used.iter().filter_map(|path| defining_file(&files, path));
            (names.used.clone(), defining.filter(|module| *module != names.module).collect())
        };
        Self(files.iter().map(|(module, names)| (module.clone(), uses(names))).collect())
    }

    /// Each file with the files it depends on.
    fn dependencies(&self) -> impl Iterator<Item = (&Module, &BTreeSet<Module>)> {
        self.0.iter().map(|(module, (_, uses))| (module, uses))
    }

    /// Depth-first search: extends `way` to a path back to its first module.
    fn find_cycle(&self, way: &mut Vec<Module>, seen: &mut BTreeSet<Module>) -> bool {
        let at = way[way.len() - 1].clone();
        for next in &self.0[&at].1 {
            if *next == way[0] {
                return true;
            }
            if seen.insert(next.clone()) {
                way.push(next.clone());
                if self.find_cycle(way, seen) {
                    return true;
                }
                way.pop();
            }
        }
        false
    }
}

/// File that defines `path`; follows re-exports.
fn defining_file(files: &BTreeMap<Module, Names>, path: &[String]) -> Option<Module> {
    let module =
        (0..=path.len()).rev().map(|n| &path[..n]).find(|part| files.contains_key(*part))?;
    let exported = path.get(module.len()).and_then(|name| files[module].reexports.get(name));
    match exported {
        Some(other) => defining_file(files, other),
        None => Some(module.to_vec()),
    }
}

fn display_path(module: &[String]) -> String {
    module.join("::")
}

#[test]
fn no_dependency_cycles_between_files() {
    let graph = DependencyGraph::read();
    for module in graph.0.keys() {
        let mut way = vec![module.clone()];
        let has_cycle = graph.find_cycle(&mut way, &mut BTreeSet::new());
        let way: Vec<String> = way.iter().map(|module| display_path(module)).collect();
        assert!(!has_cycle, "dependency cycle: {}", way.join(" → "));
    }
    // The graph is not empty.
    assert!(
        graph.0.len() > 200
            && graph.dependencies().map(|(_, uses)| uses.len()).sum::<usize>() > 300
    );
}

#[test]
fn crates_depend_only_on_allowed_crates() {
    for (floor, allowed) in LAYERS {
        let file = format!("src/{floor}/Cargo.toml");
        let manifest: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        let named = manifest["dependencies"].as_table().unwrap().keys();
        let floors = named.filter(|name| LAYERS.iter().any(|(floor, _)| floor == name));
        let floors: BTreeSet<&str> = floors.map(String::as_str).collect();
        assert_eq!(floors, allowed.iter().copied().collect(), "{file}");
    }
}

#[test]
fn modules_use_only_allowed_modules() {
    for (module, used) in DependencyGraph::read().dependencies() {
        let Some((_, allowed)) = MODULES.iter().find(|(room, _)| {
            let room: Vec<&str> = room.split('/').collect();
            module.len() >= 2 && room == [module[0].as_str(), module[1].as_str()]
        }) else {
            continue;
        };
        for other in used.iter().filter(|other| other.len() > 1 && other[0] == module[0]) {
            let fits = other[1] == module[1] || allowed.contains(&other[1].as_str());
            assert!(fits, "{} must not use {}", display_path(module), display_path(other));
        }
    }
    for (room, _) in MODULES {
        assert!(Path::new("src").join(room).is_dir(), "{room} is in MODULES, but not in src");
    }
}

/// Words that only some modules may contain, and why.
const RESTRICTED_WORDS: [(&str, &[&str], &str); 4] = [
    ("Pools::Postgres", &["src/store/sql/"], "only `store/sql` matches on a database"),
    ("Pools::Sqlite", &["src/store/sql/"], "only `store/sql` matches on a database"),
    ("Cookie::build", &["src/server/session/"], "only `server/session` sets cookies"),
    ("ui::pages", &["src/ui/"], "no handler reads data through a page"),
];

#[test]
fn restricted_words_stay_in_their_modules() {
    for (path, text) in sources::library_files() {
        for (word, rooms, why) in RESTRICTED_WORDS {
            let fits = !text.contains(word) || rooms.iter().any(|room| path.starts_with(room));
            assert!(fits, "{path} contains `{word}`: {why}");
        }
    }
}

#[test]
fn folders_have_at_most_16_entries() {
    const MOST: usize = 16;
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for entry in sources::folders("src") {
        let tests = entry.starts_with("src/tests") || entry.contains("migrations");
        let names = fs::read_dir(&entry).unwrap().map(|entry| entry.unwrap().file_name());
        let entries = names.filter(|name| name != "Cargo.toml").count();
        folders.extend((!tests && entries > MOST).then_some((entry, entries)));
    }
    assert_eq!(folders, BTreeMap::new(), "folders and their entries");
}
