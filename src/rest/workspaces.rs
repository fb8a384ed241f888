use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Rest,
    body::Body,
    caller::Caller,
    login::{required, text},
    problem::{Problem, Shown},
};
use crate::model::{Code, Reject, Role, Workspace, WorkspaceId, limits, timestamp};

/// Whoever is an admin there may make others.
const FIRST: &str = "default";
/// In one answer.
const SHOWN: usize = 1000;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Workspace)]
pub struct Row {
    workspace: String,
    /// For people.
    name: String,
    #[schema(format = DateTime)]
    created_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct Workspaces {
    /// By id; at most the first 1000.
    workspaces: Vec<Row>,
}

/// What a new workspace takes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read field by field, and described here")]
pub struct NewWorkspace {
    /// No blanks; neither `widget` nor what begins with `widget:`.
    #[schema(min_length = 1, max_length = 128, pattern = r"^[^\s\x00]+$")]
    workspace: String,
    /// For people; the id if left out.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
}

impl From<Workspace> for Row {
    fn from(workspace: Workspace) -> Self {
        Self {
            workspace: workspace.id.as_str().into(),
            name: workspace.name,
            created_at: timestamp(workspace.created_at),
        }
    }
}

/// The workspaces that the caller may see: its own; all of them for an admin of `default`.
#[utoipa::path(
    get, path = "/api/v1/workspaces", tag = "Workspaces",
    responses(
        (status = 200, description = "By id", body = Workspaces),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
) -> Result<Json<Workspaces>, Problem> {
    let accounts = &rest.parts.accounts;
    let found = if is_first_admin(&caller) {
        accounts.workspaces(SHOWN).await
    } else {
        let own = accounts.workspace(&caller.workspace).await;
        own.map(|own| own.into_iter().collect())
    };
    let found: Vec<Workspace> = found.map_err(|_| Reject::unavailable())?;
    let workspaces = found.into_iter().map(Row::from).collect();
    Ok(Json(Workspaces { workspaces }))
}

/// Make a workspace. For admins of `default`.
#[utoipa::path(
    post, path = "/api/v1/workspaces", tag = "Workspaces",
    request_body(content = inline(NewWorkspace)),
    responses(
        (status = 201, description = "Made", body = Row),
        (status = "default", description = "Refused; 409 if there is one of this id", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn add(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Body(fields): Body,
) -> Result<(StatusCode, Json<Row>), Problem> {
    if !is_first_admin(&caller) {
        let says = "This takes the role admin in the workspace default";
        return Err(Reject::new(Code::Forbidden, says).into());
    }
    let id = required(&fields, "workspace", limits::ID_BYTES)?;
    if id.contains(char::is_whitespace) {
        return Err(Reject::field("workspace", "workspace cannot hold blanks").into());
    }
    if !WorkspaceId::is_name(id) {
        let says = "workspace cannot be widget, nor begin with widget:";
        return Err(Reject::field("workspace", says).into());
    }
    let name = text(&fields, "name", limits::NAME_BYTES)?.unwrap_or(id);
    rest.charge_change(&caller).await?;
    let workspace = Workspace {
        id: WorkspaceId::new(id),
        name: name.into(),
        created_at: rest.parts.clock.now(),
    };
    let added = rest.parts.accounts.add_workspace(&workspace).await;
    if !added.map_err(|_| Reject::unavailable())? {
        let reject = Reject::new(Code::Conflict, "There is a workspace of this id");
        return Err(Reject {
            field: Some("workspace"),
            ..reject
        }
        .into());
    }
    let (by, made) = (&caller.id, &workspace.id);
    tracing::info!(%by, workspace = %made, "workspace made");
    Ok((StatusCode::CREATED, Json(workspace.into())))
}

fn is_first_admin(caller: &Caller) -> bool {
    caller.workspace.as_str() == FIRST && caller.role == Role::Admin
}
