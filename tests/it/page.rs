//! The page `/try`, in Chromium, on the real binary.

use std::{path::Path, process::Stdio};

use tokio::process::Command;

use crate::{process::server::Server, support::folder::Folder};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_in_a_browser() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chromium = chromium();
    for (needed, how) in [
        (Path::new(&chromium), "install chromium, or set CHROMIUM"),
        (
            &top.join("tests/e2e_try/node_modules/playwright-core"),
            "run `make test`",
        ),
        (&top.join("src/web/dist/try/index.html"), "run `make web`"),
    ] {
        assert!(needed.exists(), "{} is missing: {how}", needed.display());
    }
    let folder = Folder::fresh();
    let server = Server::start_with(folder.path(), &["--try"]).await;
    let open = server
        .out()
        .wait(|line| line.trim().starts_with("Open "))
        .await;
    // The official client does not mind going offline on `localhost`.
    let url = open
        .split_whitespace()
        .last()
        .unwrap()
        .replace("localhost", "127.0.0.1");
    let output = Command::new("node")
        .args(["--test", "try.test.mjs"])
        .current_dir(top.join("tests/e2e_try"))
        .env("TRY_URL", url)
        .env("CHROMIUM", chromium)
        .env(
            "SCREENSHOT",
            Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("try.png"),
        )
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}\n{errors}");
    server.stop().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "only whoever runs the tests knows where it is"
)]
fn chromium() -> String {
    std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into())
}
