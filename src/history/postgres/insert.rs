use deadpool_postgres::{GenericClient as _, Transaction};
use tokio_postgres::{Row, types::ToSql};

use super::failure::{Failure, refuses_a_row};

/// The parameters of a statement over many rows: an array for each column.
pub type Columns<'a> = Vec<Column<'a>>;
type Column<'a> = Box<dyn ToSql + Sync + Send + 'a>;

pub fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Column<'r>
where
    T: ToSql + Sync + Send + 'r,
{
    Box::new(rows.iter().map(value).collect::<Vec<_>>())
}

pub struct Inserted<'a, T> {
    /// What the statement returned.
    pub rows: Vec<Row>,
    /// What the server does not take.
    pub refused: Vec<&'a T>,
}

/// Writes all rows by one statement. If one of them is refused, the transaction goes back to before
/// the statement and the halves are tried, down to the row: everything beside it is stored. In order,
/// so that of two rows in one place the first has it.
///
/// Any other failure is not the rows' and ends the transaction.
pub async fn insert<'a, T>(
    transaction: &mut Transaction<'_>,
    sql: &'static str,
    rows: &'a [T],
    columns: impl for<'r> Fn(&'r [T]) -> Columns<'r>,
) -> Result<Inserted<'a, T>, Failure> {
    let statement = transaction.prepare_cached(sql).await?;
    let mut inserted = Inserted {
        rows: Vec::new(),
        refused: Vec::new(),
    };
    let mut waiting = vec![rows];
    while let Some(part) = waiting.pop() {
        if part.is_empty() {
            continue;
        }
        let attempt = transaction.savepoint("part").await?;
        let columns = columns(part);
        let params: Vec<_> = columns
            .iter()
            .map(|column| &**column as &(dyn ToSql + Sync))
            .collect();
        match attempt.query(&statement, &params).await {
            Ok(rows) => {
                attempt.commit().await?;
                inserted.rows.extend(rows);
            }
            Err(error) if refuses_a_row(&error) => {
                attempt.rollback().await?;
                match part {
                    [row] => inserted.refused.push(row),
                    _ => {
                        let (first, second) = part.split_at(part.len() / 2);
                        waiting.extend([second, first]);
                    }
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(inserted)
}
