use std::collections::HashSet;

use super::WorkspaceId;

/// Workspaces for which a setting holds.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceSet {
    pub everywhere: bool,
    pub of: HashSet<WorkspaceId>,
}

impl WorkspaceSet {
    pub fn all() -> Self {
        Self {
            everywhere: true,
            ..Self::default()
        }
    }

    pub fn holds(&self, workspace: &WorkspaceId) -> bool {
        self.everywhere || self.of.contains(workspace)
    }
}
