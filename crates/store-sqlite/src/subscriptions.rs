//! What addresses subscribe.

use integrations_core::{IntegrationId, NewSubscription, Subscription, SubscriptionId, store::Conflict};
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    columns::{Columns, Unreadable},
    failure::Failure,
    session::{Bulk, Session},
};

/// In the order in which they are shown, for one address after the other.
pub(crate) const OF_ADDRESSES: Bulk<1> = Bulk(
    "SELECT s.address, s.id, i.id, s.event_type, i.provider, i.name, i.status \
     FROM ({rows}) CROSS JOIN subscriptions s ON s.address = column1 \
     CROSS JOIN integrations i ON i.sequence = s.integration \
     ORDER BY s.address, i.name_key, s.event_type",
);

/// Makes `wanted` the subscriptions of an address. Those that are there already stay as they are.
pub(crate) async fn replace(
    tx: &mut SqliteConnection,
    organization: i64,
    address: i64,
    wanted: &[NewSubscription],
) -> Result<(), Failure> {
    let mut kept = Vec::with_capacity(wanted.len());
    for wish in wanted {
        let integration = integration(tx, organization, wish.integration).await?;
        kept.push(add(tx, organization, address, integration, wish).await?);
    }
    let present = "SELECT sequence FROM subscriptions WHERE address = ?";
    let present: Vec<i64> = sqlx::query_scalar(present).bind(address).fetch_all(&mut *tx).await?;
    for sequence in present.iter().filter(|sequence| !kept.contains(sequence)) {
        sqlx::query("DELETE FROM subscriptions WHERE sequence = ?").bind(*sequence).execute(&mut *tx).await?;
    }
    Ok(())
}

async fn integration(tx: &mut SqliteConnection, organization: i64, id: IntegrationId) -> Result<i64, Failure> {
    let find = "SELECT sequence FROM integrations WHERE id = ?1 AND organization = ?2 AND deleted_at IS NULL";
    let find = sqlx::query_scalar(find).bind(id.as_bytes().as_slice()).bind(organization);
    Ok(find.fetch_optional(tx).await?.ok_or(Conflict::UnknownIntegration)?)
}

/// Adds a subscription if it is not there; gives its sequence number.
async fn add(
    tx: &mut SqliteConnection,
    organization: i64,
    address: i64,
    integration: i64,
    wish: &NewSubscription,
) -> Result<i64, Failure> {
    let insert = "INSERT INTO subscriptions (id, organization, address, integration, event_type) \
                  VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (address, event_type, integration) DO NOTHING";
    let insert = sqlx::query(insert).bind(wish.id.as_bytes().as_slice()).bind(organization);
    let insert = insert.bind(address).bind(integration).bind(wish.event_type.as_str());
    insert.execute(&mut *tx).await?;
    let find = "SELECT sequence FROM subscriptions WHERE address = ?1 AND event_type = ?2 AND integration = ?3";
    let find = sqlx::query_scalar(find).bind(address).bind(wish.event_type.as_str()).bind(integration);
    Ok(find.fetch_one(tx).await?)
}

/// The subscriptions of these addresses, with the address of each.
pub(crate) async fn of_addresses(
    connection: &mut SqliteConnection,
    addresses: &[i64],
) -> Result<Vec<(i64, Subscription)>, Failure> {
    let addresses = addresses.iter().map(|address| [(*address).into()]);
    let rows = Session::over(connection).read(OF_ADDRESSES, addresses).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

fn read(row: &SqliteRow) -> Result<(i64, Subscription), Unreadable> {
    let mut columns = Columns::of(row);
    let address = columns.next()?;
    let subscription = Subscription {
        id: SubscriptionId::from_bytes(columns.bytes()?),
        integration: IntegrationId::from_bytes(columns.bytes()?),
        event_type: columns.name()?,
        provider: columns.next()?,
        name: columns.next()?,
        status: columns.name()?,
    };
    Ok((address, subscription))
}
