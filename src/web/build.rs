//! Pages that come, go or change their names make the binary new.

fn main() {
    println!("cargo::rerun-if-changed=src/web/dist");
}
