"""What can be said of the Dockerfile without an engine to build it."""

import fnmatch
import json
import re


def problems(top):
    dockerfile = (top / "Dockerfile").read_text(encoding="utf-8")
    ignored = _ignored(top)
    for path in _copied(dockerfile):
        if not (top / path).exists():
            yield f"Dockerfile copies {path}, which is not there"
        elif ignored(path):
            yield f"Dockerfile copies {path}, which .dockerignore keeps out"
    yield from _commands(dockerfile, top)
    yield from _versions(dockerfile, top)


def _copied(dockerfile):
    """Sources from the context, not from another stage."""
    for arguments in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE):
        yield from arguments.split()[:-1]


def _ignored(top):
    lines = (top / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]

    def ignored(path):
        """The last line that matches the path or a folder above it decides."""
        parts = path.split("/")
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        verdict = False
        for pattern in patterns:
            name = pattern.removeprefix("!").removeprefix("**/")
            if any(fnmatch.fnmatchcase(part, name) for part in above):
                verdict = not pattern.startswith("!")
        return verdict

    return ignored


def _commands(dockerfile, top):
    """Those with which everything is built elsewhere."""
    web = (top / ".ci/web").read_text(encoding="utf-8")
    scripts = json.loads((top / "src/web/package.json").read_text(encoding="utf-8"))["scripts"]
    if "npm run build" not in dockerfile or "build" not in scripts or not re.search(r"npm run .*build", web):
        yield "Dockerfile does not build the pages as .ci/web does"
    if "cargo build --release --locked" not in dockerfile:
        yield "Dockerfile does not run cargo build --release --locked"
    binary = re.search(r'^ENTRYPOINT \["(.+)"\]$', dockerfile, re.MULTILINE)
    if binary is None or f" {binary[1]}\n" not in dockerfile:
        yield "Dockerfile starts another file than it copies"
    if f'description="{_cargo(top, "description")}"' not in dockerfile:
        yield "Dockerfile describes the image other than Cargo.toml the package"


def _versions(dockerfile, top):
    rust = re.search(r"^FROM rust:([\d.]+)", dockerfile, re.MULTILINE)
    if rust is None or rust[1] != _cargo(top, "rust-version"):
        yield f"Dockerfile builds with rust {rust and rust[1]}, Cargo.toml says {_cargo(top, 'rust-version')}"
    least = re.search(r"^node_least=(\d+)", (top / ".ci/need").read_text(encoding="utf-8"), re.MULTILINE)
    node = re.search(r"^FROM node:(\d+)", dockerfile, re.MULTILINE)
    if least is None or node is None or int(node[1]) <= int(least[1]):
        yield "Dockerfile builds the pages with a Node.js that is older than .ci/need asks for"


def _cargo(top, name):
    return re.search(rf'^{name} = "(.+)"$', (top / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]
