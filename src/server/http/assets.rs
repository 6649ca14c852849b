//! Static files: hashed names, cache headers, the scripts that the server sends itself, and the
//! CSP.

use std::{
    collections::HashMap,
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::any,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt, Collected};
use leptos::{config::LeptosOptions, prelude::Oco};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tower_http::services::ServeDir;

use ui::context::{SiteFiles, WasmProgram};

/// The names of the files that pages mention, and the content security policy.
#[derive(Clone, Debug)]
pub struct Assets {
    /// Paths of the style sheet and the programs.
    pub names: SiteFiles,
    /// What the server hands out itself.
    pub scripts: Scripts,
    /// What pages may load and run.
    pub policy: HeaderValue,
}

/// Scripts of `src/browser`, as `tools/scripts.mjs` built them; empty where files have no hashes,
/// as in tests of routes.
#[derive(Clone, Debug, Default)]
pub struct Scripts {
    /// `/sw.js`, but for the constants that it begins with.
    pub service_worker: String,
    /// The same, where it is to be gone.
    pub service_worker_off: String,
    /// `/prove.js`.
    pub prove: String,
    /// `/wechat.js`.
    pub wechat_share: String,
}

impl Assets {
    /// Reads the hashes and the scripts that the build wrote beside the program.
    ///
    /// # Errors
    /// When they are to be used and cannot be read: pages would name files that are
    /// not there.
    pub fn read(options: &LeptosOptions) -> io::Result<Self> {
        let beside = |name: &str| match options.hash_files {
            true => read_beside(name),
            false => Ok(String::new()),
        };
        let hashes = beside(options.hash_file.as_ref())?;
        let scripts = Scripts {
            service_worker: beside("scripts/service_worker.js")?,
            service_worker_off: beside("scripts/service_worker_off.js")?,
            prove: beside("scripts/prove.js")?,
            wechat_share: beside("scripts/wechat_share.js")?,
        };
        let hash_of = |key: &str| {
            let mut lines = hashes.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(name, _)| name.trim() == key).map(|(_, hash)| format!(".{}", hash.trim()))
        };
        let path = |part: &str, extension: &str, hash: Option<String>| {
            let (folder, name) = (&options.site_pkg_dir, &options.output_name);
            let hash = hash.unwrap_or_default();
            Oco::from(format!("/{folder}/{name}{part}{hash}.{extension}"))
        };
        let names = SiteFiles {
            start_script: Oco::from(beside("scripts/start_islands.js")?),
            css: path("", "css", hash_of("css")),
            console_css: path("-desk", "css", hash_of("desk-css")),
            all_islands: WasmProgram {
                js: path("", "js", hash_of("js")),
                wasm: path("", "wasm", hash_of("wasm")),
            },
            count_islands: hash_of("live-js").zip(hash_of("live-wasm")).map(|(js, wasm)| {
                WasmProgram {
                    js: path("-live", "js", Some(js)),
                    wasm: path("-live", "wasm", Some(wasm)),
                }
            }),
        };
        let policy = policy(&names, "", "");
        Ok(Self { names, scripts, policy })
    }

    /// The same, with a policy that lets scripts of one origin run, too, and forms lead
    /// on to another.
    #[must_use]
    pub fn with_wechat(&self, scripts: &str, forms: Option<&str>) -> Self {
        let forms = forms.map(|origin| format!(" {origin}")).unwrap_or_default();
        let policy = policy(&self.names, &format!(" {scripts}"), &forms);
        Self { policy, ..self.clone() }
    }
}

/// A file that the build wrote into the folder of the program.
fn read_beside(name: &str) -> io::Result<String> {
    let file: PathBuf = std::env::current_exe()?.with_file_name(name);
    let named = |error: io::Error| {
        io::Error::other(format!("{}: {error}; `make build` makes it", file.display()))
    };
    fs::read_to_string(&file).map_err(named)
}

/// Only our own files, the wasm, the one inline script that starts it, and scripts from
/// `others`; forms that lead to us or, by a redirect, to `forms`.
fn policy(names: &SiteFiles, others: &str, forms: &str) -> HeaderValue {
    let start = STANDARD.encode(Sha256::digest(names.start_script.as_bytes()));
    let text = format!(
        "default-src 'none'; script-src 'self'{others} 'wasm-unsafe-eval' 'sha256-{start}'; \
         style-src 'self'; img-src 'self' data: blob:; connect-src 'self' blob:; worker-src 'self'; manifest-src 'self'; form-action 'self'{forms}; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Serves the site's folder, of which a few files are read at once; what is not there is not found.
pub fn files(options: &LeptosOptions, reads: Arc<Semaphore>) -> Router {
    let folder = ServeDir::new(options.site_root.as_ref())
        .append_index_html_on_directories(false)
        .call_fallback_on_method_not_allowed(true)
        .precompressed_br()
        .precompressed_gzip();
    let package = format!("/{}/", options.site_pkg_dir);
    let hash_files = options.hash_files;
    let kept = Arc::<KeptFiles>::default();
    let caching = from_fn(move |mut request: Request, next: Next| {
        let path = request.uri().path().to_owned();
        let hashed = hash_files && path.starts_with(&package);
        let (reads, kept) = (Arc::clone(&reads), Arc::clone(&kept));
        async move {
            if !possible_file(&path) {
                return not_found();
            }
            // Our files are small: parts of them are not worth a copy of their own in memory.
            request.headers_mut().remove(header::RANGE);
            let is_get = request.method() == Method::GET;
            let turn = reads.acquire().await;
            let response = next.run(request).await;
            let response = if is_get { kept.share(path, response).await } else { response };
            drop(turn);
            cached(hashed, response)
        }
    });
    Router::new()
        .fallback_service(folder.fallback(any(async || StatusCode::NOT_FOUND)))
        .layer(caching)
}

/// The files of the site that were asked for, by path and encoding, in memory. So whoever reads
/// slowly holds neither a descriptor nor a copy of their own.
#[derive(Debug, Default)]
struct KeptFiles(Mutex<HashMap<FileKey, KeptFile>>);

/// Path and encoding.
type FileKey = (String, Option<HeaderValue>);

#[derive(Debug)]
struct KeptFile {
    modified: Option<HeaderValue>,
    bytes: Bytes,
}

impl KeptFiles {
    /// The same response, with the file in memory instead of an open one.
    async fn share(&self, path: String, response: Response) -> Response {
        if response.status() != StatusCode::OK {
            return response;
        }
        let (head, body) = response.into_parts();
        let header = |name| head.headers.get(name).cloned();
        let (encoding, modified) =
            (header(header::CONTENT_ENCODING), header(header::LAST_MODIFIED));
        let key = (path, encoding);
        if let Some(bytes) = self.kept(&key, &modified, None) {
            return Response::from_parts(head, Body::from(bytes));
        }
        let read = body.collect().await.map(Collected::to_bytes).ok();
        match self.kept(&key, &modified, read) {
            Some(bytes) => Response::from_parts(head, Body::from(bytes)),
            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }

    /// The file as it is kept, or as it was just `read` and is kept from now on.
    fn kept(
        &self,
        key: &FileKey,
        modified: &Option<HeaderValue>,
        read: Option<Bytes>,
    ) -> Option<Bytes> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = files.get(key).filter(|file| file.modified == *modified);
        if let Some(file) = kept {
            return Some(file.bytes.clone());
        }
        let bytes = read?;
        files.insert(key.clone(), KeptFile { modified: modified.clone(), bytes: bytes.clone() });
        Some(bytes)
    }
}

/// Whether `path` can be a file's at all: a system answers longer names, and ones with
/// a NUL, with errors of its own. Each of our files has one path only, so that it is kept once: no
/// escapes, no empty parts, no dots that lead elsewhere.
fn possible_file(path: &str) -> bool {
    const LONGEST: usize = 200;
    let possible = |name: &str| !name.is_empty() && !name.starts_with('.') && name.len() <= LONGEST;
    !path.contains('%') && path.strip_prefix('/').is_some_and(|path| path.split('/').all(possible))
}

fn not_found() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

fn cached(hashed: bool, mut response: Response) -> Response {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let value =
            if hashed { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
        // Parts are not served; and a file whose name has its hash is not asked for by its date.
        headers.remove(header::ACCEPT_RANGES);
        if hashed {
            headers.remove(header::LAST_MODIFIED);
        }
    }
    response
}
