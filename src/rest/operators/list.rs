use std::{collections::HashMap, sync::Arc};

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Row;
use crate::{
    model::{OperatorId, Reject, limits},
    rest::{
        Rest,
        caller::Caller,
        login::text,
        problem::{Problem, Shown},
        query::Query,
    },
};

#[derive(Serialize, ToSchema)]
pub struct Operators {
    /// By id.
    operators: Vec<Row>,
    /// Where the next page begins; left out on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// Everybody who has ever worked here, and whether they are there now.
#[utoipa::path(
    get, path = "/api/v1/operators", tag = "Operators",
    params(
        ("cursor" = Option<String>, Query, description = "Where the page before ended", min_length = 1, max_length = 128),
        ("limit" = Option<u64>, Query, description = "Operators on the page; 50 if left out", minimum = 1, maximum = 200),
    ),
    responses(
        (status = 200, description = "A page", body = Operators),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Query(fields): Query,
) -> Result<Json<Operators>, Problem> {
    let after = text(&fields, "cursor", limits::ID_BYTES)?.map(OperatorId::new);
    let limit = limit(&fields)?;
    let _turn = rest.read_turn(&caller).await?;
    let here = rest.parts.hub.operators(&caller.workspace).await;
    let here: HashMap<_, _> = here
        .map_err(|_| Reject::unavailable())?
        .into_iter()
        .map(|it| (it.agent.id, if it.away { "away" } else { "online" }))
        .collect();
    let accounts = &rest.parts.accounts;
    let rows = accounts
        .operators(&caller.workspace, after.as_ref(), limit + 1)
        .await;
    let mut rows = rows.map_err(|_| Reject::unavailable())?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let cursor = rows.last().filter(|_| more).map(|it| it.id.to_string());
    let operators = rows.into_iter().map(|account| {
        let status = here.get(&account.id).copied().unwrap_or("offline");
        Row::of(account, status)
    });
    Ok(Json(Operators {
        operators: operators.collect(),
        cursor,
    }))
}

/// Of a page that no event asks for.
pub fn limit(fields: &serde_json::Map<String, Value>) -> Result<usize, Problem> {
    let Some(asked) = fields.get("limit") else {
        return Ok(limits::SESSIONS_DEFAULT);
    };
    let asked = asked.as_u64().and_then(|asked| usize::try_from(asked).ok());
    let asked = asked.filter(|asked| (1..=limits::SESSIONS_MAX).contains(asked));
    asked.ok_or_else(|| {
        let says = format!(
            "limit must be a whole number, 1 to {}",
            limits::SESSIONS_MAX
        );
        Reject::field("limit", says).into()
    })
}
