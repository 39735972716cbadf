//! Who may read the files.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;

use integrations_testkit::suite::block_on;
use store_sqlite::OpenOptions;

use crate::support::Place;

#[test]
fn only_the_owner_may_read_what_is_made() {
    block_on(async {
        let place = Place::new();
        let store = place.open_with(OpenOptions::default().exclusive(true)).await;
        let rights = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o077;
        let folder = place.database().parent().unwrap().to_owned();
        assert_eq!(rights(&folder), 0);
        let database: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for file in database.iter().filter(|file| !file.to_string_lossy().ends_with(".lock")) {
            assert_eq!(rights(file), 0, "{}", file.display());
        }
        store.close().await;
    });
}
