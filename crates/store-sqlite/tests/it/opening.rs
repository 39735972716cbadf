//! Opening and closing: schema, ownership, what is refused.

use std::sync::Arc;

use integrations_core::{
    FailureKind, StoreError,
    store::{AccountStore as _, Page},
};
use integrations_testkit::{
    builders::{self, Samples},
    scene::Scene,
};
use store_sqlite::{OpenError, OpenOptions, SqliteStore};

use crate::support::{Place, number, scene};

#[tokio::test]
async fn a_fresh_file_is_made_and_opened_again() {
    let place = Place::new();
    let organization = Samples::default().organization();
    let store = place.open().await;
    assert_eq!(store.pending_migrations().await.unwrap(), []);
    store.create_organization(&organization).await.unwrap();
    store.close().await;

    let store = place.open().await;
    assert_eq!(store.migrate().await.unwrap(), []);
    assert_eq!(store.organization(organization.id).await.unwrap(), Some(organization));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made_by_the_way() {
    let place = Place::new();
    let refused = SqliteStore::open(place.database(), OpenOptions::default().migrate(false)).await.unwrap_err();
    assert!(matches!(refused, OpenError::Missing { .. }), "{refused}");
    let refused = SqliteStore::open_existing(place.database()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Missing { .. }), "{refused}");
    assert!(!place.database().exists());
}

#[tokio::test]
async fn an_old_schema_is_refused_until_it_is_migrated() {
    let place = Place::new();
    place.open().await.close().await;
    let mut connection = place.connect().await;
    sqlx::raw_sql("DROP TABLE lanes; DELETE FROM _sqlx_migrations").execute(&mut connection).await.unwrap();

    let refused = SqliteStore::open(place.database(), OpenOptions::default().migrate(false)).await.unwrap_err();
    assert!(matches!(&refused, OpenError::SchemaOlder { pending } if pending[0].version == 1), "{refused}");
    let store = SqliteStore::open_existing(place.database()).await.unwrap();
    assert_eq!(store.pending_migrations().await.unwrap().len(), 4);
}

#[tokio::test]
async fn attempts_of_the_first_schema_are_still_known() {
    let place = Place::new();
    let store = place.open().await;
    let (scene, route) = scene(&store).await;
    let dispatches = scene.dispatches(&route.address, 2).await;
    let [delivered, retried] = dispatches[..] else { panic!("{dispatches:?}") };
    scene.deliver(delivered).await;
    scene.fail(retried, builders::failure(FailureKind::Timeout)).await;
    scene.go_to(scene.read(&route, retried).await.state.due_at.unwrap());
    let (mut before, attempt) = (Vec::new(), scene.start(retried).await);
    for id in [delivered, retried] {
        before.push(scene.attempts(route.organization, id).await);
    }
    store.close().await;
    place.go_back().await;

    let scene = Scene { store: Arc::new(place.open().await), ..scene };
    for (id, before) in [delivered, retried].into_iter().zip(&before) {
        assert_eq!(scene.attempts(route.organization, id).await, *before);
    }
    assert!(before[0][0].remote_id.is_some() && before[1][1].ended_at.is_none(), "{before:?}");
    scene.settle(&attempt, Ok(builders::receipt())).await;
    let after = scene.attempts(route.organization, retried).await;
    assert_eq!(after.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(after[0], before[1][0]);
    assert_eq!(after[1].remote_id, before[0][0].remote_id);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let place = Place::new();
    place.open().await.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (999, 'of tomorrow', TRUE, x'00', 0)";
    sqlx::query(newer).execute(&mut place.connect().await).await.unwrap();
    for migrate in [true, false] {
        let refused = SqliteStore::open(place.database(), OpenOptions::default().migrate(migrate)).await.unwrap_err();
        assert!(matches!(refused, OpenError::SchemaNewer { version: 999 }), "{refused}");
    }
    let refused = SqliteStore::open_existing(place.database()).await.unwrap_err();
    assert!(matches!(refused, OpenError::SchemaNewer { version: 999 }), "{refused}");
}

#[tokio::test]
async fn a_schema_of_another_making_is_refused() {
    let place = Place::new();
    place.open().await.close().await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00'").execute(&mut place.connect().await).await.unwrap();
    let refused = SqliteStore::open(place.database(), OpenOptions::default()).await.unwrap_err();
    assert!(matches!(refused, OpenError::SchemaChanged { version: 1 }), "{refused}");
}

#[tokio::test]
async fn something_else_is_refused() {
    let place = Place::new();
    std::fs::create_dir_all(place.database().parent().unwrap()).unwrap();
    std::fs::write(place.database(), "by no means a database, though long enough to have a header".repeat(100))
        .unwrap();
    let refused = SqliteStore::open(place.database(), OpenOptions::default()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Database(_)), "{refused}");
}

#[tokio::test]
async fn a_file_has_one_owner() {
    let place = Place::new();
    let exclusive = OpenOptions::default().exclusive(true);
    let first = place.open_with(exclusive).await;

    let refused = SqliteStore::open(place.database(), exclusive).await.unwrap_err();
    assert!(matches!(refused, OpenError::Owned { .. }), "{refused}");
    let beside = place.open().await;
    beside.create_organization(&Samples::default().organization()).await.unwrap();
    assert_eq!(number(&mut place.connect().await, "SELECT count(*) FROM organizations").await, 1);

    first.close().await;
    let second = place.open_with(exclusive).await;
    second.close().await;
}

#[tokio::test]
async fn several_share_a_file_that_nobody_has_alone() {
    let place = Place::new();
    let (alone, shared) = (OpenOptions::default().exclusive(true), OpenOptions::default().shared(true));
    // All start at once, and one of them makes the schema.
    let (one, two, three) = tokio::join!(place.open_with(shared), place.open_with(shared), place.open_with(shared));
    let refused = SqliteStore::open(place.database(), alone).await.unwrap_err();
    assert!(matches!(refused, OpenError::Owned { .. }), "{refused}");
    for store in [&one, &two, &three] {
        store.list_organizations(Page::first(1)).await.unwrap();
        store.close().await;
    }

    let owner = place.open_with(alone).await;
    let refused = SqliteStore::open(place.database(), shared).await.unwrap_err();
    assert!(matches!(refused, OpenError::Owned { .. }), "{refused}");
    owner.close().await;
    place.open_with(shared).await.close().await;
}

#[tokio::test]
async fn who_joins_others_leaves_the_schema_alone() {
    let place = Place::new();
    let shared = OpenOptions::default().shared(true);
    let first = place.open_with(shared).await;
    sqlx::raw_sql("DROP TABLE lanes; DELETE FROM _sqlx_migrations").execute(&mut place.connect().await).await.unwrap();
    let refused = SqliteStore::open(place.database(), shared).await.unwrap_err();
    assert!(matches!(refused, OpenError::SchemaOlder { .. }), "{refused}");
    first.close().await;
}

#[tokio::test]
async fn a_closed_store_refuses() {
    let place = Place::new();
    let store = place.open().await;
    let clone = store.clone();
    store.close().await;
    store.close().await;
    let organization = Samples::default().organization();
    let refused = clone.create_organization(&organization).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused}");
    let refused = clone.organization(organization.id).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused}");
}

#[tokio::test]
async fn closing_leaves_one_file_and_its_lock() {
    let place = Place::new();
    let store = place.open_with(OpenOptions::default().exclusive(true)).await;
    store.create_organization(&Samples::default().organization()).await.unwrap();
    store.close().await;
    let files = std::fs::read_dir(place.database().parent().unwrap()).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["store.db", "store.db.lock"]);
}
