use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::process::server::LONG;

/// What a Redis says to this, on a connection of its own: one line, one text, or a text per line. What it
/// refuses is a mistake of the test.
pub async fn ask(url: &str, command: &str) -> String {
    let asked = async {
        let address = url.rsplit(['/', '@']).next().unwrap();
        let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
        let line = format!("{command}\r\n");
        stream.write_all(line.as_bytes()).await.unwrap();
        let head = head(&mut stream).await;
        assert!(!head.starts_with('-'), "{command}: {head}");
        match head.strip_prefix('*') {
            None => text(&mut stream, head).await,
            Some(count) => {
                let mut texts = Vec::new();
                for _ in 0..count.parse().unwrap_or(0) {
                    let head = self::head(&mut stream).await;
                    texts.push(text(&mut stream, head).await);
                }
                texts.join("\n")
            }
        }
    };
    timeout(LONG, Box::pin(asked)).await.unwrap()
}

async fn head(stream: &mut (impl AsyncBufRead + Unpin)) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    line.trim().to_owned()
}

async fn text(stream: &mut (impl AsyncBufRead + Unpin), head: String) -> String {
    let Some(length) = head.strip_prefix('$') else {
        return head;
    };
    let length: usize = length.parse().unwrap();
    let mut text = vec![0; length + 2];
    stream.read_exact(&mut text).await.unwrap();
    text.truncate(length);
    String::from_utf8(text).unwrap()
}
