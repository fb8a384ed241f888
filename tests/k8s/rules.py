"""What no schema can say: the manifests agree with the binary. Each rule yields what is wrong."""

import re

from rendering import port_of
from rules_network import NETWORK_RULES
from source import seconds

# Between the end of the drain and SIGKILL, beyond LAST_ANSWERS: for the last batch on a slow database.
MARGIN = 15
KINDS = ["ConfigMap", "Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"]


def complete(rendering, source):
    """A kind that is missing would pass every rule about it."""
    for kind in KINDS:
        if not rendering.of(kind):
            yield f"there is no {kind}"
    for kind in ("ConfigMap", "Deployment", "HorizontalPodAutoscaler"):
        if len(rendering.of(kind)) > 1:
            yield f"there is more than one {kind}; the rules know one"


def grace(rendering, source):
    """A pod that is killed in the middle of its drain sends all its clients back at once."""
    sleep = rendering.container["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = seconds(rendering.setting("DRAIN_TIMEOUT", source))
    least = sleep + drain + source.last_answers + MARGIN
    given = rendering.pod["terminationGracePeriodSeconds"]
    if given < least:
        yield f"terminationGracePeriodSeconds is {given}, but preStop, DRAIN_TIMEOUT, LAST_ANSWERS and {MARGIN} s are {least:g}"


def probes(rendering, source):
    wanted = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    for probe, path in wanted.items():
        get = rendering.container.get(probe, {}).get("httpGet", {})
        if get.get("path") != path or path not in source.routes:
            yield f"{probe} asks {get.get('path')}; src/server/health.rs serves {sorted(source.routes)}"
        # A pod with all the connections it may have turns probes away on the public port, and is alive.
        port = "http" if probe == "readinessProbe" else "metrics"
        if get.get("port") != port:
            yield f"{probe} asks the port {get.get('port')}, not {port}"
    readiness = rendering.container.get("readinessProbe", {})
    patience = readiness.get("periodSeconds", 10) * readiness.get("failureThreshold", 3)
    hold = seconds(source.defaults.get("REDIS_HOLD") or "5s")
    if patience <= hold:
        yield f"readinessProbe gives up after {patience} s, within REDIS_HOLD ({hold:g} s): all pods would leave the Service at once"


def settings(rendering, source):
    """Names that the binary reads; and no secret in plain sight."""
    config = rendering.of("ConfigMap")[0]
    if rendering.container.get("envFrom") != [{"configMapRef": {"name": config["metadata"]["name"]}}]:
        yield "envFrom of the Deployment is not the ConfigMap, and nothing else"
    for name in config["data"]:
        if name not in source.settings():
            yield f"{name} in the ConfigMap is no setting of the binary"
        if name in source.secrets:
            yield f"{name} is a secret, and in the ConfigMap"
    referred = set()
    for entry in rendering.container.get("env", []):
        name = entry["name"]
        if name not in source.settings():
            yield f"{name} in the Deployment is no setting of the binary"
        key = entry.get("valueFrom", {}).get("secretKeyRef", {})
        if key.get("name") == "switchboard" and key.get("key") == name and not key.get("optional"):
            referred.add(name)
        elif name in source.secrets:
            yield f"{name} is a secret, and no reference to the Secret switchboard"
    for name in sorted(source.secrets - referred):
        yield f"{name} does not come from the Secret switchboard"
    if rendering.of("Secret"):
        yield "a Secret is in the repository"


def ports(rendering, source):
    """LISTEN and METRICS_LISTEN, their defaults, EXPOSE and the ports of the container are the same."""
    listens = {"http": "LISTEN", "metrics": "METRICS_LISTEN"}
    given = {port["name"]: port["containerPort"] for port in rendering.container["ports"]}
    if set(given) != set(listens):
        yield f"the container has the ports {sorted(given)}"
    for name, setting in listens.items():
        values = {port_of(rendering.setting(setting, source)), port_of(source.defaults[setting])}
        if values != {given.get(name)}:
            yield f"port {name} is {given.get(name)}, but {setting} and its default say {sorted(values)}"
    if source.exposed != set(given.values()):
        yield f"the Dockerfile exposes {sorted(source.exposed)}, the container {sorted(given.values())}"


def confined(rendering, source):
    """What the profile `restricted` of Kubernetes asks for and more, as the user that the image has."""
    pod, container = rendering.pod.get("securityContext", {}), rendering.container.get("securityContext", {})
    if (pod.get("runAsUser"), pod.get("runAsGroup")) != (source.user, source.group):
        yield f"runAsUser is {pod.get('runAsUser')}:{pod.get('runAsGroup')}, USER of the Dockerfile {source.user}:{source.group}"
    wanted = [
        ("runAsNonRoot", pod.get("runAsNonRoot") is True),
        ("seccompProfile", pod.get("seccompProfile") == {"type": "RuntimeDefault"}),
        ("allowPrivilegeEscalation", container.get("allowPrivilegeEscalation") is False),
        ("readOnlyRootFilesystem", container.get("readOnlyRootFilesystem") is True),
        ("capabilities", container.get("capabilities") == {"drop": ["ALL"]}),
        ("automountServiceAccountToken", rendering.pod.get("automountServiceAccountToken") is False),
        ("automountServiceAccountToken", all(a.get("automountServiceAccountToken") is False for a in rendering.of("ServiceAccount"))),
        ("enableServiceLinks", rendering.pod.get("enableServiceLinks") is False),
        ("serviceAccountName", rendering.pod.get("serviceAccountName") in rendering.names("ServiceAccount")),
        ("resources", {"requests", "limits"} <= set(rendering.container.get("resources", {}))),
    ]
    for name, good in wanted:
        if not good:
            yield f"{name} of the pods is not as strict as it was"


def scaling(rendering, source):
    """Full pods refuse clients; pods that leave too quickly send more clients away than the rest can take."""
    hpa = rendering.of("HorizontalPodAutoscaler")[0]["spec"]
    pods = [metric["pods"] for metric in hpa["metrics"] if metric["type"] == "Pods"]
    if [metric["metric"]["name"] for metric in pods] != ["switchboard_connections"]:
        yield "the HPA does not scale by switchboard_connections"
    for metric in pods:
        if metric["metric"]["name"] not in source.metrics:
            yield f"{metric['metric']['name']} is no metric of the binary"
        least, average = hpa["minReplicas"], int(metric["target"]["averageValue"])
        most = int(rendering.setting("MAX_CONNECTIONS", source))
        if least < 2 or average * least / (least - 1) > most:
            yield f"one of {least} pods with {average} connections gone, the others have more than MAX_CONNECTIONS ({most})"
    if not any(metric["type"] == "Resource" and metric["resource"]["name"] == "cpu" for metric in hpa["metrics"]):
        yield "the HPA has no guard for CPU"
    down = hpa["behavior"]["scaleDown"]
    if any(policy["type"] != "Pods" or policy["value"] != 1 for policy in down["policies"]):
        yield "the HPA takes away more than one pod at a time"
    if min(policy["periodSeconds"] for policy in down["policies"]) < rendering.pod["terminationGracePeriodSeconds"]:
        yield "the HPA takes the next pod away while the last is drained"


def turnover(rendering, source):
    """Rollouts and drained nodes."""
    if "replicas" in rendering.deployment["spec"]:
        yield "the Deployment names its replicas, which are the HPA's"
    rolling = rendering.deployment["spec"]["strategy"]["rollingUpdate"]
    if rolling.get("maxUnavailable") != 0:
        yield "a rollout takes pods away before new ones are there"
    for budget in rendering.of("PodDisruptionBudget"):
        if budget["spec"].get("maxUnavailable") != 1:
            yield "the PodDisruptionBudget allows other than one pod at a time"
    keys = {spread["topologyKey"] for spread in rendering.pod.get("topologySpreadConstraints", [])}
    if keys != {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
        yield f"the pods are spread over {sorted(keys)}, not over zones and nodes"


def tagged(rendering, source):
    """Of an overlay; the base names no image that could be pulled."""
    image = rendering.container["image"]
    if not rendering.is_base and (re.search(r":[\w.-]+$", image) is None or image.endswith(":latest")):
        yield f"the image {image} has no tag that stays the same"


RULES = [complete, grace, probes, settings, ports, confined, scaling, turnover, tagged, *NETWORK_RULES]
