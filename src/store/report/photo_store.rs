//! The photo store: image files in a folder or an S3 bucket. Their rows are in [`super::photo`].

use std::{
    io::Cursor,
    path::{Path as FsPath, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use domain::report::{Code, PerceptualHashes};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    local::LocalFileSystem,
    path::Path,
    prefix::PrefixStore,
};
use tokio::sync::Semaphore;

use crate::{error::StoreError, sql::connection::private_folder};

/// How long a bucket may take to answer.
const S3_TIMEOUT: Duration = Duration::from_secs(10);

/// Photos that are read at once; the rest wait for milliseconds.
const READS: usize = 32;

/// The photo store: a folder or an S3 bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PhotoStore {
    objects: Arc<dyn ObjectStore>,
    /// Photos that are read at once: each is an open file or connection.
    reads: Arc<Semaphore>,
    /// The folder; `None` for a bucket.
    folder: Option<PathBuf>,
}

/// In which size a picture is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// At most 1600 pixels on the longer side.
    Full,
    /// At most 400.
    Thumb,
}

/// A photo encoded as JPEG in both sizes, with its hashes.
#[derive(Clone, Debug)]
pub struct EncodedPhoto {
    /// [`Size::Full`].
    pub full: Bytes,
    /// [`Size::Thumb`].
    pub thumb: Bytes,
    /// Pixels across, in full.
    pub width: u32,
    /// Pixels down, in full.
    pub height: u32,
    /// As in [`domain::report::Photo`].
    pub pixels_sent: String,
    /// As in [`domain::report::Photo`].
    pub pixels_shown: String,
    /// As in [`domain::report::Photo`].
    pub looks: PerceptualHashes,
}

fn away(error: &object_store::Error) -> StoreError {
    StoreError::Unavailable(format!("the photo store: {error}"))
}

fn object_path(id: &Code, size: Size) -> Path {
    let name = match size {
        Size::Full => format!("{id}.jpg"),
        Size::Thumb => format!("{id}.thumb.jpg"),
    };
    // Two letters of the address keep folders small.
    Path::from_iter([&id.as_str()[..2], name.as_str()])
}

/// The bucket of an `s3://` URL, and the key prefix of our objects.
fn bucket(url: &str) -> Result<(AmazonS3, Path), object_store::Error> {
    // Plain HTTP only if the endpoint is configured with `http://`.
    let endpoint = ["AWS_ENDPOINT", "AWS_ENDPOINT_URL"].map(std::env::var);
    let plain = endpoint.iter().flatten().any(|url| url.starts_with("http://"));
    // Longer than one object takes, shorter than clients wait.
    let patience = ClientOptions::new()
        .with_timeout(S3_TIMEOUT)
        .with_connect_timeout(S3_TIMEOUT / 4)
        .with_allow_http(plain);
    let retry = RetryConfig { max_retries: 2, retry_timeout: S3_TIMEOUT, ..RetryConfig::default() };
    let path = url.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let prefix = Path::parse(path.map_or("", |(_, prefix)| prefix.trim_end_matches('/')))?;
    let objects = AmazonS3Builder::from_env()
        .with_url(url)
        .with_client_options(patience)
        .with_retry(retry)
        .build()?;
    Ok((objects, prefix))
}

impl PhotoStore {
    /// Opens the folder that `setting` names, making it for its owner alone, or the bucket
    /// of `s3://BUCKET/PREFIX`; how that is reached, variables of the environment say that
    /// begin with `AWS_` (<https://docs.rs/object_store/latest/object_store/aws/struct.AmazonS3Builder.html#method.from_env>).
    ///
    /// # Errors
    /// [`StoreError::Setup`] when it can't be used.
    pub fn open(setting: &str) -> Result<Self, StoreError> {
        let fault =
            |error: String| StoreError::Setup(format!("the photo store {setting}: {error}"));
        if setting.starts_with("s3://") {
            let (objects, prefix) = bucket(setting).map_err(|error| fault(error.to_string()))?;
            let objects = Arc::new(PrefixStore::new(objects, prefix));
            return Ok(Self::of(objects, None));
        }
        if setting.contains("://") {
            return Err(fault("must be a folder, or s3://BUCKET/PREFIX".into()));
        }
        let folder = PathBuf::from(setting);
        private_folder(&folder).map_err(|error| fault(error.to_string()))?;
        let objects = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| fault(error.to_string()))?
            .with_fsync(true);
        Ok(Self::of(Arc::new(objects), Some(folder)))
    }

    fn of(objects: Arc<dyn ObjectStore>, folder: Option<PathBuf>) -> Self {
        Self { objects, reads: Arc::new(Semaphore::new(READS)), folder }
    }

    /// Whether the folder or the bucket answers.
    pub async fn answers(&self) -> bool {
        let asked = self.objects.head(&Path::from("nothing")).await;
        let there = matches!(asked, Ok(_) | Err(object_store::Error::NotFound { .. }));
        there && self.ping().await.is_ok()
    }

    /// Whether the folder is there, where it is one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it is gone.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        match tokio::fs::metadata(folder).await {
            Ok(found) if found.is_dir() && !found.permissions().readonly() => Ok(()),
            Ok(_) => Err(StoreError::Unavailable("the photo store cannot be written".into())),
            Err(error) => Err(StoreError::Unavailable(format!("the photo store: {error}"))),
        }
    }

    /// Bytes that are free on its disk; `None` for a bucket.
    #[must_use]
    pub fn free_space(&self) -> Option<u64> {
        free_space(self.folder.as_deref()?)
    }

    pub(super) async fn put(&self, id: &Code, picture: &EncodedPhoto) -> Result<(), StoreError> {
        for (size, bytes) in [(Size::Full, &picture.full), (Size::Thumb, &picture.thumb)] {
            let payload = PutPayload::from_bytes(bytes.clone());
            self.objects
                .put(&object_path(id, size), payload)
                .await
                .map_err(|error| away(&error))?;
        }
        Ok(())
    }

    /// The picture at `id`; `None` when it is gone.
    ///
    /// # Errors
    /// [`StoreError`] if the photo store cannot be reached.
    pub async fn get(&self, id: &Code, size: Size) -> Result<Option<Bytes>, StoreError> {
        match self.bytes_at(&object_path(id, size)).await {
            Err(error @ StoreError::Refused(_)) => {
                tracing::error!(%error, "a photo file was refused");
                Ok(None)
            }
            read => read,
        }
    }

    pub(super) async fn delete(&self, id: &Code) -> Result<(), StoreError> {
        for size in [Size::Full, Size::Thumb] {
            match self.objects.delete(&object_path(id, size)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(away(&error)),
            }
        }
        Ok(())
    }

    /// Lists the files of all photos; other objects are skipped.
    pub fn names(&self) -> BoxStream<'_, Result<PhotoFileName, StoreError>> {
        let named =
            |meta: ObjectMeta| async move { Ok(PhotoFileName::parse(meta.location.as_ref())) };
        let found = self.objects.list(None).map_err(|error| away(&error));
        found.try_filter_map(named).boxed()
    }

    /// The bytes of a picture; `None` when it is gone.
    ///
    /// # Errors
    /// [`StoreError`] if the photo store cannot be reached, or the picture is a link.
    pub async fn read(&self, name: &PhotoFileName) -> Result<Option<Bytes>, StoreError> {
        self.bytes_at(&Path::from(name.as_str())).await
    }

    /// Stores a file under its name.
    ///
    /// # Errors
    /// [`StoreError`] if the photo store cannot be reached.
    pub async fn write(&self, name: &PhotoFileName, bytes: Bytes) -> Result<(), StoreError> {
        let payload = PutPayload::from_bytes(bytes);
        let put = self.objects.put(&Path::from(name.as_str()), payload).await;
        put.map(drop).map_err(|error| away(&error))
    }

    async fn bytes_at(&self, at: &Path) -> Result<Option<Bytes>, StoreError> {
        if let Some(folder) = &self.folder {
            // Symbolic links are refused: one could point to any file of the machine.
            let is_link = |path: PathBuf| path.symlink_metadata().is_ok_and(|m| m.is_symlink());
            let below: PathBuf = at.parts().map(|part| part.as_ref().to_owned()).collect();
            if below.ancestors().any(|part| part != FsPath::new("") && is_link(folder.join(part))) {
                return Err(StoreError::Refused(format!(
                    "the photo file {at} is a link (symbolic)"
                )));
            }
        }
        let _turn = self.reads.acquire().await;
        match self.objects.get(at).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(|error| away(&error))?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(away(&error)),
        }
    }
}

/// Bytes that this user may still write on the disk of `folder`.
pub fn free_space(folder: &FsPath) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Path of a photo file in the store or a backup: `ab/abcd….jpg`, or `….thumb.jpg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoFileName(String);

impl PhotoFileName {
    /// Parses a path; `None` if it is not one that this program makes.
    pub fn parse(text: &str) -> Option<Self> {
        let (_, file) = text.split_once('/')?;
        let id = file.strip_suffix(".jpg")?;
        let (id, size) = match id.strip_suffix(".thumb") {
            Some(id) => (id, Size::Thumb),
            None => (id, Size::Full),
        };
        let wanted = object_path(&Code::parse(id).ok()?, size);
        (wanted.as_ref() == text).then(|| Self(text.to_owned()))
    }

    /// That of the full size of a photo.
    pub fn of(id: &str) -> Option<Self> {
        Some(Self(object_path(&Code::parse(id).ok()?, Size::Full).to_string()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it is below `folder`.
    pub fn below(&self, folder: &FsPath) -> PathBuf {
        folder.join(&self.0)
    }
}

/// Whether `bytes` begin as a JPEG does that can be shown.
pub fn has_jpeg_header(bytes: &[u8]) -> bool {
    image::ImageReader::with_format(Cursor::new(bytes), image::ImageFormat::Jpeg)
        .into_dimensions()
        .is_ok()
}

/// Whether `bytes` are a JPEG from beginning to end.
pub fn is_valid_jpeg(bytes: &[u8]) -> bool {
    image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_pictures_are_names() {
        let id = "abcdefghijklmnopqrstuv";
        for good in [format!("ab/{id}.jpg"), format!("ab/{id}.thumb.jpg")] {
            assert_eq!(PhotoFileName::parse(&good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "ab/x.jpg",
            &format!("{id}.jpg"),
            &format!("ac/{id}.jpg"),
            &format!("ab/{id}.png"),
            &format!("ab/{id}"),
            &format!("../{id}.jpg"),
            &format!("ab/../ab/{id}.jpg"),
            &format!("/ab/{id}.jpg"),
        ] {
            assert_eq!(PhotoFileName::parse(bad), None, "{bad}");
        }
    }
}
