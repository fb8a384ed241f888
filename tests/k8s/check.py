"""check.py NAME=FILE...: checks rendered kustomizations against the schemas of Kubernetes and our own rules, then
that the rules still see each fault there is in faults.py. Called by .ci/k8s."""

import functools
import json
import sys
from pathlib import Path

import kubernetes_validate
import yaml

import faults
import image
import source
from rendering import Rendering
from rules import RULES

TOP = Path(__file__).resolve().parents[2]


def main(arguments):
    version = kubernetes_validate.latest_version()
    known = source.read(TOP)
    renderings = [load(*argument.split("=", 1)) for argument in arguments]
    wrong = [f"{r.name}: {problem}" for r in renderings for problem in problems(r, known, version)]
    wrong += [*examples(known), *image.problems(TOP)]
    if not wrong:
        wrong += faults.unseen(renderings, known, lambda r, s: list(problems(r, s, version)))
    for line in wrong:
        print(line)
    if wrong or not renderings:
        return 1
    count = sum(len(r.objects) for r in renderings)
    print(f"{count} objects of {len(renderings)} kustomizations: schemas of Kubernetes {version}, {len(RULES)} rules; "
          f"{len(faults.FAULTS)} planted faults seen")
    return 0


def load(name, path):
    with open(path, encoding="utf-8") as file:
        return Rendering(name, [found for found in yaml.safe_load_all(file) if found])


def problems(rendering, known, version):
    for found in rendering.objects:
        yield from schema(json.dumps(found), version)
    for rule in RULES:
        try:
            yield from rule(rendering, known)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            # The rule did not find what it is about.
            yield f"{rule.__name__}: {type(error).__name__} {error}"


@functools.cache
def schema(text, version):
    """Strict: an unknown field is an error. So is a kind without a schema, which the package's own command only
    warns of. Remembered, since a planted fault leaves most objects as they were."""
    found = json.loads(text)
    name = f"{found['kind']} {found['metadata']['name']}"
    try:
        kubernetes_validate.validate(found, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        path = ".".join(str(part) for part in error.path)
        return [f"{name}: schema: {path}: {error.message}"]
    except kubernetes_validate.utils.SchemaNotFoundError as error:
        return [f"{name}: schema: {error.message}"]
    return []


def examples(known):
    """No schema knows their kinds; at least they are YAML, and name what is there."""
    files = sorted(TOP.glob("k8s/examples/*.yaml"))
    if not files:
        yield "k8s/examples is empty"
    for file in files:
        text = file.read_text(encoding="utf-8")
        list(yaml.safe_load_all(text))
        named = {word.strip("'\"") for word in text.replace("{", " ").replace("/", " ").split()}
        for word in sorted(word for word in named if word.startswith("switchboard_") and word not in known.metrics):
            yield f"{file.relative_to(TOP)}: {word} is no metric of the binary"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ValueError as error:
        # A source is not as source.py knows it.
        sys.exit(str(error))
