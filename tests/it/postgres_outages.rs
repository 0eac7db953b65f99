//! A database server that was set up wrongly, refuses, is full, is changed or goes back in time beneath a running process.

use crate::{postgres::place, postgres_cluster::cluster};
use sqlx::{AssertSqlSafe, Executor as _};
use std::time::Duration;
use warraq::store::{StoreError, Writer};

const WINDOW: Duration = Duration::from_hours(72);

#[tokio::test]
async fn a_database_that_was_created_in_another_way_is_refused_with_the_reason() {
    let Some(cluster) = cluster() else { return };
    let mut admin = cluster.connect("postgres").await;
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = format!("in_{}", encoding.to_lowercase());
        let made =
            format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'");
        admin.execute(AssertSqlSafe(made)).await.unwrap();
        let refused = Writer::open(place(&cluster.url(&name)), WINDOW).await.map(drop).unwrap_err();
        assert!(matches!(&refused, StoreError::Unsuitable { why, .. } if why.contains("ENCODING 'UTF8'")), "{refused}");
    }
    let nowhere = format!("{}&options=-c%20search_path%3Dnowhere", cluster.database().await);
    let refused = Writer::open(place(&nowhere), WINDOW).await.map(drop).unwrap_err();
    assert!(matches!(&refused, StoreError::Unsuitable { why, .. } if why.contains("search_path")), "{refused}");
}
