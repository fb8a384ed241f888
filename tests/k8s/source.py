"""What the manifests have to agree with, read from the sources, so that neither can change alone."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Source:
    """Settings by name with their defaults (None without one), and what else the manifests repeat."""

    defaults: dict
    secrets: set
    routes: set
    metrics: set
    user: int
    group: int
    exposed: set
    last_answers: float

    def settings(self):
        return set(self.defaults) | self.secrets | {f"{name}_FILE" for name in self.secrets}


def read(top):
    """Fails on whatever it does not find: a check that compares with nothing would pass."""
    config = _text(top, "src/config.rs") + _text(top, "src/config/limits.rs")
    dockerfile = _text(top, "Dockerfile")
    user = _one(r"^USER (\d+):(\d+)$", dockerfile)
    return Source(
        defaults=_defaults(config) | {"LOG": None},
        secrets=_secrets(top),
        routes=_some(r'(?:\.route\(\s*|Z: &str = )"([^"]+)"', _text(top, "src/server/health.rs")),
        metrics={f"switchboard_{name}" for name in _metrics(top)},
        user=int(user[1]),
        group=int(user[2]),
        exposed={int(port) for port in _one(r"^EXPOSE ([\d ]+)$", dockerfile)[1].split()},
        last_answers=int(_one(r"LAST_ANSWERS: Duration = Duration::from_secs\((\d+)\)", _text(top, "src/server/drain.rs"))[1]),
    )


def seconds(text):
    """A duration as the binary takes it."""
    amounts = re.fullmatch(r"(\d+)(ms|s|m|h)", text)
    if amounts is None:
        raise ValueError(f"{text!r} is not a duration like 250ms, 25s, 30m")
    return int(amounts[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[amounts[2]]


def _defaults(config):
    found = {}
    # An attribute ends its line, or the line that holds nothing but its end.
    for attribute in re.findall(r"#\[arg\((.*?)\)\]\n", config, re.DOTALL):
        name = re.search(r'env = "(\w+)"', attribute)
        if name is None:
            continue
        default = re.search(r'default_value(?:_t)? = (?:"([^"]*)"|([\d_]+))', attribute)
        found[name[1]] = None if default is None else default[1] or default[2].replace("_", "")
    port = _one(r"const PORT: u16 = (\d+);", config)
    if "LISTEN" not in found or "DRAIN_TIMEOUT" not in found:
        raise ValueError("src/config.rs: the settings are not where they were")
    found["LISTEN"] = found["LISTEN"] or f"0.0.0.0:{port[1]}"
    return found


def _secrets(top):
    """What is read with its _FILE; REDIS_URL and DATABASE_URL are credentials as well."""
    text = _text(top, "src/config/secrets.rs") + _text(top, "src/config/cluster.rs")
    secrets = {"JWT_SECRET", "SIGNING_KEY", "REDIS_URL", "DATABASE_URL"}
    missing = {name for name in secrets if f'"{name}"' not in text}
    if missing:
        raise ValueError(f"src/config: {sorted(missing)} are not read where they were")
    return secrets


def _metrics(top):
    return _some(r'make\s*\.\w+\(\s*"(\w+)"', _text(top, "src/metrics.rs"))


def _text(top, path):
    return Path(top, path).read_text(encoding="utf-8")


def _one(pattern, text):
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"nothing matches {pattern}")
    return found


def _some(pattern, text):
    found = set(re.findall(pattern, text))
    if not found:
        raise ValueError(f"nothing matches {pattern}")
    return found
