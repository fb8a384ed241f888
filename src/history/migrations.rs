use refinery::Report;

/// What a run has applied, by the names of the files.
pub fn applied(report: &Report) -> Vec<String> {
    let applied = report.applied_migrations().iter();
    applied
        .map(|migration| format!("V{:04}__{}", migration.version(), migration.name()))
        .collect()
}
