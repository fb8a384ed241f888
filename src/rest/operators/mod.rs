//! Who works in the caller's workspace.

pub mod add;
pub mod change;
pub mod list;
pub mod said;

use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::schema::{ObjectBuilder, Schema, SchemaType, Type},
};

pub use list::limit;

use super::problem::Problem;
use crate::model::{Account, OperatorId, Reject, Role, limits, timestamp};

/// An operator, whether connected or not.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Account)]
pub struct Row {
    agent_id: String,
    agent_name: String,
    #[schema(value_type = String, schema_with = role)]
    role: &'static str,
    #[schema(value_type = String, schema_with = status)]
    status: &'static str,
    /// May not come in, and is sent away where it is.
    disabled: bool,
    /// May log in; others come with tokens of the site's own.
    has_password: bool,
    #[schema(format = DateTime)]
    created_at: String,
}

impl Row {
    fn of(account: Account, status: &'static str) -> Self {
        Self {
            agent_id: account.id.as_str().into(),
            agent_name: account.name,
            role: account.role.as_str(),
            status,
            disabled: account.disabled,
            has_password: account.password.is_some(),
            created_at: timestamp(account.created_at),
        }
    }
}

/// Of a path.
fn named(operator: String) -> Result<OperatorId, Problem> {
    if operator.is_empty() || operator.len() > limits::ID_BYTES || operator.contains('\0') {
        let says = format!("agentId has 1 to {} bytes, and no NUL", limits::ID_BYTES);
        return Err(Reject::field("agentId", says).into());
    }
    Ok(OperatorId::new(operator))
}

pub(super) fn role() -> Schema {
    words(&[Role::Agent, Role::Supervisor, Role::Admin].map(Role::as_str))
}

/// Of a request, where `null` counts as left out.
fn role_or_null() -> Schema {
    let words = [Role::Agent, Role::Supervisor, Role::Admin].map(|role| Some(role.as_str()));
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    let object = ObjectBuilder::new().schema_type(kinds);
    Schema::Object(
        object
            .enum_values(Some(words.into_iter().chain([None])))
            .build(),
    )
}

fn status() -> Schema {
    words(&["online", "away", "offline"])
}

fn words(words: &[&'static str]) -> Schema {
    let object = ObjectBuilder::new().schema_type(Type::String);
    Schema::Object(object.enum_values(Some(words.to_vec())).build())
}
