//! Reading rows: column after column, each checked and turned into what the domain calls it.

use std::{str::FromStr, time::Duration};

use integrations_core::{StoreError, UnknownName};
use jiff::Timestamp;
use sqlx::{Column as _, Decode, Row as _, Sqlite, Type, sqlite::SqliteRow};

/// A row cannot be read. Says where, and nothing of its content.
#[derive(Debug, thiserror::Error)]
#[error("column {column} of a row is not as it was written")]
pub(crate) struct Unreadable {
    column: String,
}

impl From<Unreadable> for StoreError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Corrupt { detail: unreadable.to_string() }
    }
}

/// The columns of a row that were not read yet.
pub(crate) struct Columns<'r> {
    row: &'r SqliteRow,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r SqliteRow) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    pub(crate) fn next<T: Decode<'r, Sqlite> + Type<Sqlite>>(&mut self) -> Result<T, Unreadable> {
        let index = self.next;
        self.next += 1;
        self.row.try_get(index).map_err(|_| self.unreadable(index))
    }

    /// A number that is never negative.
    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Result<T, Unreadable> {
        let number: i64 = self.next()?;
        T::try_from(number).map_err(|_| self.last_unreadable())
    }

    pub(crate) fn optional_number<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, Unreadable> {
        let number: Option<i64> = self.next()?;
        number.map(T::try_from).transpose().map_err(|_| self.last_unreadable())
    }

    /// An identifier, or a hash.
    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let bytes: &[u8] = self.next()?;
        bytes.try_into().map_err(|_| self.last_unreadable())
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, Unreadable> {
        let millis = self.next()?;
        self.instant(millis)
    }

    pub(crate) fn optional_time(&mut self) -> Result<Option<Timestamp>, Unreadable> {
        let millis: Option<i64> = self.next()?;
        millis.map(|millis| self.instant(millis)).transpose()
    }

    pub(crate) fn span(&mut self) -> Result<Duration, Unreadable> {
        self.number().map(Duration::from_millis)
    }

    pub(crate) fn optional_span(&mut self) -> Result<Option<Duration>, Unreadable> {
        Ok(self.optional_number()?.map(Duration::from_millis))
    }

    /// One of the names of an enumeration.
    pub(crate) fn name<T: FromStr<Err = UnknownName>>(&mut self) -> Result<T, Unreadable> {
        let text: &str = self.next()?;
        text.parse().map_err(|_| self.last_unreadable())
    }

    pub(crate) fn optional_name<T: FromStr<Err = UnknownName>>(&mut self) -> Result<Option<T>, Unreadable> {
        let text: Option<&str> = self.next()?;
        text.map(str::parse).transpose().map_err(|_| self.last_unreadable())
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Unreadable> {
        let text: &str = self.next()?;
        serde_json::from_str(text).map_err(|_| self.last_unreadable())
    }

    /// For a column that has been read, but says nothing that could be.
    pub(crate) fn last_unreadable(&self) -> Unreadable {
        self.unreadable(self.next.saturating_sub(1))
    }

    fn instant(&self, millis: i64) -> Result<Timestamp, Unreadable> {
        Timestamp::from_millisecond(millis).map_err(|_| self.last_unreadable())
    }

    fn unreadable(&self, index: usize) -> Unreadable {
        let column = self.row.columns().get(index);
        Unreadable { column: column.map_or_else(|| index.to_string(), |column| column.name().to_owned()) }
    }
}
