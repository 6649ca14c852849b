//! Pages as a browser reads them: a real HTML parser, and every form with its fields.

use scraper::{ElementRef, Html, Selector};
use server::routes::table;

/// A form that a page shows.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it is sent, by its own action or that of one of its buttons.
    pub action: String,
    /// Its `id`, where it has one.
    pub id: String,
    /// Whether it brings files.
    pub multipart: bool,
    /// What can be filled in, and what is sent in any case.
    pub fields: Vec<Field>,
}

/// A field of a form.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whatever is typed: a line or some.
    Text,
    /// A text that is not typed but stands there.
    Hidden(String),
    /// A value that is sent when it is ticked, chosen or pressed.
    Choice(String),
    /// Files.
    File,
}

/// All that `selector` finds.
pub fn all<'h>(page: &'h Html, selector: &str) -> Vec<ElementRef<'h>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

/// What stands in a text area or a field.
pub fn value(element: ElementRef<'_>) -> String {
    match element.value().attr("value") {
        Some(value) => value.to_owned(),
        None => element.text().collect(),
    }
}

/// The forms of a page that are posted.
pub fn forms(page: &Html) -> Vec<Form> {
    let mut found = Vec::new();
    for form in all(page, "form[method=post]") {
        let id = form.value().attr("id").unwrap_or_default().to_owned();
        let multipart = form.value().attr("enctype") == Some("multipart/form-data");
        let mut within: Vec<_> = form.select(&fields_selector()).collect();
        if !id.is_empty() {
            within.extend(all(page, &format!("[form=\"{id}\"]")));
        }
        let mut actions = vec![form.value().attr("action").unwrap_or_default().to_owned()];
        actions.extend(within.iter().filter_map(|f| f.value().attr("formaction")).map(Into::into));
        let fields: Vec<Field> = within.into_iter().filter_map(field).collect();
        for action in actions {
            found.push(Form { action, id: id.clone(), multipart, fields: fields.clone() });
        }
    }
    found
}

fn fields_selector() -> Selector {
    Selector::parse("input, textarea, select, button").unwrap()
}

fn field(element: ElementRef<'_>) -> Option<Field> {
    let attr = |name| element.value().attr(name).unwrap_or_default().to_owned();
    let name = attr("name");
    if name.is_empty() {
        return None;
    }
    let kind = match (element.value().name(), attr("type").as_str()) {
        ("textarea", _) => Kind::Text,
        ("select", _) => {
            let option = Selector::parse("option").unwrap();
            let options = element.select(&option).map(value);
            Kind::Choice(options.filter(|value| !value.is_empty()).last().unwrap_or_default())
        }
        ("button", _) | ("input", "submit") => Kind::Choice(attr("value")),
        (_, "checkbox" | "radio") => match attr("value") {
            value if value.is_empty() => Kind::Choice("on".into()),
            value => Kind::Choice(value),
        },
        (_, "hidden") => Kind::Hidden(attr("value")),
        (_, "file") => Kind::File,
        _ => Kind::Text,
    };
    Some(Field { name, kind })
}

impl Form {
    /// What is sent in any case, with every choice made once: of several values of one name the
    /// first.
    pub fn chosen(&self) -> Vec<(String, String)> {
        let mut sent: Vec<(String, String)> = Vec::new();
        for Field { name, kind } in &self.fields {
            if let Kind::Hidden(value) | Kind::Choice(value) = kind
                && !sent.iter().any(|(known, _)| known == name)
            {
                sent.push((name.clone(), value.clone()));
            }
        }
        sent
    }

    /// The names of what is typed.
    pub fn texts(&self) -> Vec<String> {
        let texts = self.fields.iter().filter(|field| field.kind == Kind::Text);
        texts.map(|field| field.name.clone()).collect()
    }

    /// The names of its fields for files.
    pub fn files(&self) -> Vec<String> {
        let files = self.fields.iter().filter(|field| field.kind == Kind::File);
        files.map(|field| field.name.clone()).collect()
    }
}

/// The row of the table that an address belongs to.
pub fn pattern(action: &str) -> String {
    let parts: Vec<&str> = action.split('/').collect();
    let fits = |path: &str| {
        let row: Vec<&str> = path.split('/').collect();
        row.len() == parts.len()
            && row.iter().zip(&parts).all(|(a, b)| a.starts_with('{') || a == b)
    };
    let rows = table().into_iter().filter(|row| row.method == "POST");
    let mut paths: Vec<&str> = rows.map(|row| row.path).filter(|path| fits(path)).collect();
    paths.sort_by_key(|path| path.contains('{'));
    (*paths.first().unwrap_or_else(|| panic!("{action} has no row"))).to_owned()
}
