//! Pages and migrations that come, go or change their names make the binary new.

fn main() {
    println!("cargo::rerun-if-changed=src/web/dist");
    // A migration that is added to a folder is no change of a file that the compiler has read.
    println!("cargo::rerun-if-changed=sql/postgres");
    println!("cargo::rerun-if-changed=sql/sqlite");
}
