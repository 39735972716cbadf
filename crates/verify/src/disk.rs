//! What is on the disk when the power goes: all that was synced, and of the rest nothing, or some sectors of it.

use std::{
    fs,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::random::Random;

/// The least that a disk writes as a whole, in bytes.
const SECTOR: usize = 512;
/// What `shim/powercut.c` writes before the name of a file for what waits for its sync.
const PENDING: &str = "pending.";
const TRUNCATE: i64 = -1;

/// The folder in which the server's disk is kept, and the folder of its data.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) copies: PathBuf,
    pub(crate) data: PathBuf,
}

/// What was written and not synced.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Write {
    Bytes { at: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

impl Disk {
    /// The power goes: the data become what is on the disk. Says how many writes were dropped, in whole or in part.
    pub(crate) fn cut(&self, random: &mut Random) -> Result<usize> {
        // A disk may have written none of what it was not asked to, or any of it.
        let keeps_some = random.between(0..=2) > 0;
        let mut dropped = 0;
        for name in names(&self.copies)?.into_iter().filter(|name| !name.starts_with(PENDING)) {
            let mut content = fs::read(self.copies.join(&name))?;
            let pending = self.copies.join(format!("{PENDING}{name}"));
            for write in read(&pending)? {
                dropped += usize::from(!survive(&mut content, &write, keeps_some, random));
            }
            remove(&pending)?;
            fs::write(self.copies.join(&name), &content)?;
            fs::write(self.data.join(&name), &content)?;
        }
        for name in names(&self.data)?.into_iter().filter(|name| name.contains(".db")) {
            if name.ends_with("-shm") || !self.copies.join(&name).exists() && !name.ends_with(".lock") {
                remove(&self.data.join(&name))?;
            }
        }
        Ok(dropped)
    }

    /// After an orderly stop nothing may wait, and the copies must be the files: the disk has seen every write.
    pub(crate) fn agrees(&self) -> Result<()> {
        for name in names(&self.copies)? {
            let copy = fs::read(self.copies.join(&name))?;
            if name.starts_with(PENDING) {
                ensure!(copy.is_empty(), "{} bytes of {name} were not synced by an orderly stop", copy.len());
            } else {
                let file = fs::read(self.data.join(&name)).with_context(|| format!("{name} is gone"))?;
                ensure!(copy == file, "{name} on the disk is not what the server wrote");
            }
        }
        Ok(())
    }
}

/// Writes what survives, and says whether that was all.
fn survive(content: &mut Vec<u8>, write: &Write, keeps_some: bool, random: &mut Random) -> bool {
    match write {
        Write::Truncate { length } => {
            let kept = keeps_some && random.between(0..=1) == 1;
            if kept {
                content.resize(*length, 0);
            }
            kept
        }
        Write::Bytes { at, bytes } => {
            let mut whole = true;
            for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                let kept = keeps_some && random.between(0..=1) == 1;
                whole &= kept;
                if kept {
                    overwrite(content, at + number * SECTOR, sector);
                }
            }
            whole
        }
    }
}

fn overwrite(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    content.resize(content.len().max(end), 0);
    if let Some(place) = content.get_mut(at..end) {
        place.copy_from_slice(bytes);
    }
}

/// The writes in such a file. The last one may be cut short: the server was killed.
fn read(pending: &Path) -> Result<Vec<Write>> {
    let bytes = match fs::read(pending) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        bytes => bytes?,
    };
    let (mut rest, mut writes) = (bytes.as_slice(), Vec::new());
    let mut head = [[0; 8]; 2];
    while rest.read_exact(head.as_flattened_mut()).is_ok() {
        let [at, length] = head.map(i64::from_ne_bytes);
        let length = usize::try_from(length)?;
        if at == TRUNCATE {
            writes.push(Write::Truncate { length });
            continue;
        }
        let Some((bytes, behind)) = rest.split_at_checked(length) else { break };
        writes.push(Write::Bytes { at: usize::try_from(at)?, bytes: bytes.to_vec() });
        rest = behind;
    }
    Ok(writes)
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => Ok(removed?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_synced_is_dropped_or_torn() {
        let write = Write::Bytes { at: 100, bytes: vec![7; 4 * SECTOR] };
        let mut content = vec![0; 50];
        assert!(!survive(&mut content, &write, false, &mut Random::new(1)));
        assert_eq!(content, [0; 50]);
        let torn = (0..100).filter(|seed| {
            let mut content = Vec::new();
            survive(&mut content, &write, true, &mut Random::new(*seed));
            let sevens = content.iter().filter(|byte| **byte == 7).count();
            assert_eq!(sevens % SECTOR, 0);
            0 < sevens && sevens < 4 * SECTOR
        });
        assert!(torn.count() > 50);
    }

    #[test]
    fn a_cut_leaves_what_was_synced() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk { copies: folder.path().join("copies"), data: folder.path().join("data") };
        for folder in [&disk.copies, &disk.data] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(disk.copies.join("x.db"), "synced").unwrap();
        for (name, text) in [("x.db", "synced, and more"), ("x.db-shm", "?"), ("x.db-wal", "new"), ("x.db.lock", "")] {
            fs::write(disk.data.join(name), text).unwrap();
        }
        let mut pending = [6_i64.to_ne_bytes(), 10_i64.to_ne_bytes()].concat();
        pending.extend(b", and more");
        fs::write(disk.copies.join("pending.x.db"), pending).unwrap();
        assert!(disk.agrees().is_err());
        let seed = (0..).find(|seed| Random::new(*seed).between(0..=2) == 0).unwrap();
        assert_eq!(disk.cut(&mut Random::new(seed)).unwrap(), 1);
        assert_eq!(fs::read_to_string(disk.data.join("x.db")).unwrap(), "synced");
        assert_eq!(names(&disk.data).unwrap(), ["x.db", "x.db.lock"]);
        disk.agrees().unwrap();
    }
}
