//! Photos: the pictures in a folder or a bucket, their rows in the database.
//!
//! No picture is ever without a row: the row comes before it and goes after it, so that
//! whatever ends in between is swept away later. Nobody finds a row without its picture.

use std::{
    io::Cursor,
    path::{Path as FsPath, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use domain::{
    report::{Code, Looks, Photo},
    time::Millis,
    visitor::VisitorId,
};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    local::LocalFileSystem,
    path::Path,
    prefix::PrefixStore,
};
use serde_json::json;

use crate::{
    base::Store,
    error::StoreError,
    sql::{
        connection::{Value, private_folder},
        query::Query,
        schema::PHOTOS,
        statement::{Sql, sql_over_items},
    },
};

/// How long a bucket may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where pictures are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pictures {
    objects: Arc<dyn ObjectStore>,
    /// The folder, where it is none of a bucket.
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

/// A picture in both sizes, as JPEG.
#[derive(Clone, Debug)]
pub struct Picture {
    /// [`Size::Full`].
    pub full: Bytes,
    /// [`Size::Thumb`].
    pub thumb: Bytes,
    /// Pixels across, in full.
    pub width: u32,
    /// Pixels down, in full.
    pub height: u32,
    /// As in [`Photo`].
    pub pixels_sent: String,
    /// As in [`Photo`].
    pub pixels_shown: String,
    /// As in [`Photo`].
    pub looks: Looks,
}

fn away(error: &object_store::Error) -> StoreError {
    StoreError::Unavailable(format!("the photo store: {error}"))
}

fn place(id: &Code, size: Size) -> Path {
    let name = match size {
        Size::Full => format!("{id}.jpg"),
        Size::Thumb => format!("{id}.thumb.jpg"),
    };
    // Two letters of the address keep folders small.
    Path::from_iter([&id.as_str()[..2], name.as_str()])
}

/// The bucket that a URL names, and what the names of our objects begin with.
fn bucket(url: &str) -> Result<(AmazonS3, Path), object_store::Error> {
    // Only a store that is asked for by http is spoken to in the clear.
    let endpoint = ["AWS_ENDPOINT", "AWS_ENDPOINT_URL"].map(std::env::var);
    let plain = endpoint.iter().flatten().any(|url| url.starts_with("http://"));
    // Longer than a picture takes; whoever waits for it should hear before they give up.
    let patience = ClientOptions::new()
        .with_timeout(PATIENCE)
        .with_connect_timeout(PATIENCE / 4)
        .with_allow_http(plain);
    let retry = RetryConfig { max_retries: 2, retry_timeout: PATIENCE, ..RetryConfig::default() };
    let path = url.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let prefix = Path::parse(path.map_or("", |(_, prefix)| prefix.trim_end_matches('/')))?;
    let objects = AmazonS3Builder::from_env()
        .with_url(url)
        .with_client_options(patience)
        .with_retry(retry)
        .build()?;
    Ok((objects, prefix))
}

impl Pictures {
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
            return Ok(Self { objects, folder: None });
        }
        if setting.contains("://") {
            return Err(fault("must be a folder, or s3://BUCKET/PREFIX".into()));
        }
        let folder = PathBuf::from(setting);
        private_folder(&folder).map_err(|error| fault(error.to_string()))?;
        let objects = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| fault(error.to_string()))?
            .with_fsync(true);
        Ok(Self { objects: Arc::new(objects), folder: Some(folder) })
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

    async fn put(&self, id: &Code, picture: &Picture) -> Result<(), StoreError> {
        for (size, bytes) in [(Size::Full, &picture.full), (Size::Thumb, &picture.thumb)] {
            let payload = PutPayload::from_bytes(bytes.clone());
            self.objects.put(&place(id, size), payload).await.map_err(|error| away(&error))?;
        }
        Ok(())
    }

    /// The picture at `id`; `None` when it is gone.
    ///
    /// # Errors
    /// [`StoreError`] when the photo store is away.
    pub async fn get(&self, id: &Code, size: Size) -> Result<Option<Bytes>, StoreError> {
        match self.bytes_at(&place(id, size)).await {
            Err(error @ StoreError::Refused(_)) => {
                tracing::error!(%error, "a picture is not shown");
                Ok(None)
            }
            read => read,
        }
    }

    async fn delete(&self, id: &Code) -> Result<(), StoreError> {
        for size in [Size::Full, Size::Thumb] {
            match self.objects.delete(&place(id, size)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(away(&error)),
            }
        }
        Ok(())
    }

    /// The names of all pictures. What else lies there is not named.
    pub fn names(&self) -> BoxStream<'_, Result<PictureName, StoreError>> {
        let named =
            |meta: ObjectMeta| async move { Ok(PictureName::parse(meta.location.as_ref())) };
        let found = self.objects.list(None).map_err(|error| away(&error));
        found.try_filter_map(named).boxed()
    }

    /// The bytes of a picture; `None` when it is gone.
    ///
    /// # Errors
    /// [`StoreError`] when the photo store is away, or the picture is a link.
    pub async fn read(&self, name: &PictureName) -> Result<Option<Bytes>, StoreError> {
        self.bytes_at(&Path::from(name.as_str())).await
    }

    /// Puts a picture away under its name.
    ///
    /// # Errors
    /// [`StoreError`] when the photo store is away.
    pub async fn write(&self, name: &PictureName, bytes: Bytes) -> Result<(), StoreError> {
        let payload = PutPayload::from_bytes(bytes);
        let put = self.objects.put(&Path::from(name.as_str()), payload).await;
        put.map(drop).map_err(|error| away(&error))
    }

    async fn bytes_at(&self, at: &Path) -> Result<Option<Bytes>, StoreError> {
        if let Some(folder) = &self.folder {
            // A link could lead to any file of the machine, which everyone would be shown.
            let is_link = |path: PathBuf| path.symlink_metadata().is_ok_and(|m| m.is_symlink());
            let below: PathBuf = at.parts().map(|part| part.as_ref().to_owned()).collect();
            if below.ancestors().any(|part| part != FsPath::new("") && is_link(folder.join(part))) {
                return Err(StoreError::Refused(format!("the picture {at} is a link")));
            }
        }
        match self.objects.get(at).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(|error| away(&error))?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(away(&error)),
        }
    }
}

/// Where a picture is in a photo store or a copy: `ab/abcd….jpg`, or `….thumb.jpg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureName(String);

impl PictureName {
    /// The name that is written so; `None` for what is no picture of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (_, file) = text.split_once('/')?;
        let id = file.strip_suffix(".jpg")?;
        let (id, size) = match id.strip_suffix(".thumb") {
            Some(id) => (id, Size::Thumb),
            None => (id, Size::Full),
        };
        let wanted = place(&Code::parse(id).ok()?, size);
        (wanted.as_ref() == text).then(|| Self(text.to_owned()))
    }

    /// That of the full size of a photo.
    pub fn of(id: &str) -> Option<Self> {
        Some(Self(place(&Code::parse(id).ok()?, Size::Full).to_string()))
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
pub fn is_picture(bytes: &[u8]) -> bool {
    image::ImageReader::with_format(Cursor::new(bytes), image::ImageFormat::Jpeg)
        .into_dimensions()
        .is_ok()
}

/// Whether `bytes` are a JPEG from beginning to end.
pub fn is_whole_picture(bytes: &[u8]) -> bool {
    image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg).is_ok()
}

impl Store {
    /// Puts pictures away, each with its row; they belong to no report yet.
    ///
    /// # Errors
    /// [`StoreError`] when one is not known to be kept.
    pub async fn hold(
        &self,
        pictures: &Pictures,
        photos: &[(Photo, Picture)],
    ) -> Result<(), StoreError> {
        if photos.is_empty() {
            return Ok(());
        }
        const READY: Sql = sql_over_items!(
            "UPDATE photos SET visitor = item.value->>'visitor' FROM",
            "WHERE photos.id = item.value->>'id' AND photos.serial IS NULL AND photos.at > 0"
        );
        // As long as it is nobody's, nobody finds it.
        let nobodys = photos.iter().map(|(photo, _)| Photo { visitor: None, ..photo.clone() });
        let mut tx = self.db.begin().await?;
        tx.insert(&nobodys.collect::<Vec<_>>()).await?;
        tx.commit().await?;
        for (photo, picture) in photos {
            pictures.put(&photo.id, picture).await?;
        }
        let ready = photos.iter().map(|(photo, _)| photo);
        let ready = ready.map(|photo| json!({ "id": photo.id, "visitor": photo.visitor }));
        let mut tx = self.db.begin().await?;
        let held = tx.run(READY, &[Value::items(ready)]).await?;
        tx.commit().await?;
        if held == photos.len() as u64 {
            return Ok(());
        }
        Err(StoreError::Unavailable("a photo took longer than it is held".into()))
    }

    /// The photos that are held for a visitor since `since`, in the order in which they
    /// came.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn held_for(
        &self,
        visitor: &VisitorId,
        since: Millis,
    ) -> Result<Vec<Photo>, StoreError> {
        let mut query = Query::records(&PHOTOS);
        query.push(" WHERE serial IS NULL AND visitor = ").bind(visitor.as_str());
        query.push(" AND at >= ").bind(since).push(" ORDER BY at, id LIMIT 50");
        query.find(&self.db).await
    }

    /// Sweeps away photos that came before `before` and belong to no report; how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database or the photo store is away.
    pub async fn sweep_photos(
        &self,
        pictures: &Pictures,
        before: Millis,
    ) -> Result<usize, StoreError> {
        const OLD: Sql = Sql::both(
            "SELECT id FROM photos WHERE serial IS NULL AND at < $1 ORDER BY at LIMIT 500",
        );
        // From here on nothing can use it.
        const MARK: Sql = Sql::both(
            "UPDATE photos SET at = 0, visitor = NULL \
             WHERE id = $1 AND serial IS NULL AND at < $2",
        );
        const GONE: Sql = Sql::both("DELETE FROM photos WHERE id = $1 AND at = 0");
        let rows: Vec<(String,)> = self.db.all(OLD, &[before.into()]).await?;
        let (mut swept, mut fault) = (0, None);
        for (id,) in &rows {
            let mut tx = self.db.begin().await?;
            let marked = tx.run(MARK, &[id.as_str().into(), before.into()]).await?;
            tx.commit().await?;
            let Ok(code) = Code::parse(id) else { continue };
            if marked == 0 {
                continue;
            }
            // One that cannot be deleted keeps none of the others.
            if let Err(error) = pictures.delete(&code).await {
                fault = Some(error);
                continue;
            }
            let mut tx = self.db.begin().await?;
            tx.run(GONE, &[id.as_str().into()]).await?;
            tx.commit().await?;
            swept += 1;
        }
        fault.map_or(Ok(swept), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_pictures_are_names() {
        let id = "abcdefghijklmnopqrstuv";
        for good in [format!("ab/{id}.jpg"), format!("ab/{id}.thumb.jpg")] {
            assert_eq!(PictureName::parse(&good).unwrap().as_str(), good);
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
            assert_eq!(PictureName::parse(bad), None, "{bad}");
        }
    }
}
