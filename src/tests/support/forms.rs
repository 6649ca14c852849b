//! HTML forms as a browser sees them: parsed with `scraper`, with their fields.

use scraper::{ElementRef, Html, Selector};
use server::routes::table;

/// A POST form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    /// Address it is sent to: its `action`, or `formaction` of a button.
    pub action: String,
    /// Its `id`; empty without one.
    pub id: String,
    /// Whether it is sent as multipart.
    pub multipart: bool,
    /// Its fields, including those outside that belong to it by `form`.
    pub fields: Vec<Field>,
}

/// A field of a form.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
}

/// Type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free text: an input or a text area.
    Text,
    /// A hidden input with its value.
    Hidden(String),
    /// A checkbox, radio button, select or submit button with the value it sends.
    Choice(String),
    /// A file input.
    File,
}

/// All elements that match `selector`.
pub fn all<'h>(page: &'h Html, selector: &str) -> Vec<ElementRef<'h>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

/// Value of an input or a text area.
pub fn value(element: ElementRef<'_>) -> String {
    match element.value().attr("value") {
        Some(value) => value.to_owned(),
        None => element.text().collect(),
    }
}

/// All POST forms of a page, one per target address.
pub fn forms(page: &Html) -> Vec<Form> {
    let mut found = Vec::new();
    for form in all(page, "form[method=post]") {
        let id = form.value().attr("id").unwrap_or_default().to_owned();
        let multipart = form.value().attr("enctype") == Some("multipart/form-data");
        let mut elements: Vec<_> = form.select(&fields_selector()).collect();
        if !id.is_empty() {
            elements.extend(all(page, &format!("[form=\"{id}\"]")));
        }
        let mut actions = vec![form.value().attr("action").unwrap_or_default().to_owned()];
        actions
            .extend(elements.iter().filter_map(|f| f.value().attr("formaction")).map(Into::into));
        let fields: Vec<Field> = elements.into_iter().filter_map(field).collect();
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
    /// Hidden values and one value per choice: the first if a name occurs several times.
    pub fn default_values(&self) -> Vec<(String, String)> {
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

    /// Names of the text fields.
    pub fn text_names(&self) -> Vec<String> {
        let texts = self.fields.iter().filter(|field| field.kind == Kind::Text);
        texts.map(|field| field.name.clone()).collect()
    }

    /// Names of the file fields.
    pub fn file_names(&self) -> Vec<String> {
        let files = self.fields.iter().filter(|field| field.kind == Kind::File);
        files.map(|field| field.name.clone()).collect()
    }
}

/// Path of the POST route that `action` belongs to.
pub fn route_path(action: &str) -> String {
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
