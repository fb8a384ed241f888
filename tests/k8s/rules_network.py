"""Who is reached by whom, and by which way. Each rule yields what is wrong."""

import re

from source import seconds

# Wherever it stands: it would tie a client to a pod.
AFFINITY = re.compile(r"affinity|sticky|hash-by|session-cookie", re.IGNORECASE)
NAMESPACE = "kubernetes.io/metadata.name"
PREFIX = "nginx.ingress.kubernetes.io/"


def no_affinity(rendering, source):
    """Any request may land on any pod: what hides a breach of that must not be there."""
    for service in rendering.of("Service"):
        if service["spec"].get("sessionAffinity", "None") != "None":
            yield f"Service {service['metadata']['name']} has session affinity"
    for found in rendering.of("Ingress") + rendering.of("Service"):
        for key, value in found["metadata"].get("annotations", {}).items():
            if AFFINITY.search(key) or AFFINITY.search(str(value)):
                yield f"annotation {key} of {found['kind']} {found['metadata']['name']} ties clients to pods"


def labels(rendering, source):
    """A selector that selects nothing is no error to Kubernetes."""
    selectors = [("Deployment", rendering.deployment["spec"]["selector"]["matchLabels"])]
    selectors += [(f"Service {s['metadata']['name']}", s["spec"]["selector"]) for s in rendering.of("Service")]
    selectors += [("PodDisruptionBudget", b["spec"]["selector"]["matchLabels"]) for b in rendering.of("PodDisruptionBudget")]
    selectors += [("NetworkPolicy", p["spec"]["podSelector"].get("matchLabels")) for p in rendering.of("NetworkPolicy")]
    for spread in rendering.pod.get("topologySpreadConstraints", []):
        selectors.append((f"spread over {spread['topologyKey']}", spread["labelSelector"]["matchLabels"]))
    for name, selector in selectors:
        if not selector or not selector.items() <= rendering.pod_labels.items():
            yield f"{name} selects {selector}, the pods have {rendering.pod_labels}"
    for hpa in rendering.of("HorizontalPodAutoscaler"):
        target = hpa["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) != ("Deployment", rendering.deployment["metadata"]["name"]):
            yield f"the HPA scales {target['kind']} {target['name']}"
    namespaces = {found["metadata"].get("namespace") for found in rendering.objects if found["kind"] != "Namespace"}
    if len(namespaces) > 1:
        yield f"objects are in several namespaces: {sorted(map(str, namespaces))}"


def doors(rendering, source):
    """Metrics are reached by their own headless Service, clients by the other one, an Ingress by that alone."""
    given = {port["name"]: port["containerPort"] for port in rendering.container["ports"]}
    served = {}
    for service in rendering.of("Service"):
        targets = [port["targetPort"] for port in service["spec"]["ports"]]
        served[service["metadata"]["name"]] = {port["name"]: port["targetPort"] for port in service["spec"]["ports"]}
        headless = service["spec"].get("clusterIP") == "None"
        if targets != (["metrics"] if headless else ["http"]):
            yield f"Service {service['metadata']['name']} leads to {targets}"
        if service["spec"].get("type", "ClusterIP") != "ClusterIP":
            yield f"Service {service['metadata']['name']} is a {service['spec']['type']}"
        for port in service["spec"]["ports"]:
            if port["port"] != given.get(port["targetPort"]):
                yield f"port {port['port']} of Service {service['metadata']['name']} is another one than the container's"
    if sorted(target for ports in served.values() for target in ports.values()) != ["http", "metrics"]:
        yield f"the Services lead to {served}"
    for ingress in rendering.of("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                if served.get(backend["name"], {}).get(backend["port"].get("name")) != "http":
                    yield f"the Ingress leads to {backend}"


def proxy(rendering, source):
    """The relay ends what is silent or too large, and says why; a proxy in front must not do so before."""
    silence = seconds(rendering.setting("PING_INTERVAL", source)) + max(
        seconds(rendering.setting(name, source)) for name in ("PING_TIMEOUT", "CHAT_PING_TIMEOUT")
    )
    largest = max(int(rendering.setting(name, source)) for name in ("MAX_PAYLOAD", "CHAT_MAX_PAYLOAD"))
    for ingress in rendering.of("Ingress"):
        given = ingress["metadata"].get("annotations", {})
        for name in ("proxy-read-timeout", "proxy-send-timeout"):
            if int(given.get(PREFIX + name, 60)) <= silence:
                yield f"{name} of the Ingress is not above {silence:g} s, for which a client of /chat/ may be silent"
        if int(given.get(PREFIX + "proxy-body-size", 0)) < largest:
            yield f"proxy-body-size of the Ingress is below {largest}"


def policy(rendering, source):
    """Clients from anywhere, metrics for the monitoring only, and out to what the relay needs."""
    for found in rendering.of("NetworkPolicy"):
        spec = found["spec"]
        if sorted(spec.get("policyTypes", [])) != ["Egress", "Ingress"]:
            yield "the NetworkPolicy leaves a direction open"
        to_clients, to_metrics = 0, 0
        for rule in spec.get("ingress", []):
            ports = [port.get("port") for port in rule.get("ports", [])]
            if ports == ["http"] and "from" not in rule:
                to_clients += 1
            elif ports == ["metrics"] and _is_monitoring(rule.get("from", [])):
                to_metrics += 1
            else:
                yield f"the NetworkPolicy lets in {rule}"
        if (to_clients, to_metrics) != (1, 1):
            yield "the NetworkPolicy keeps out clients or the monitoring"
        out = {(port["protocol"], port["port"]) for rule in spec.get("egress", []) for port in rule.get("ports", [])}
        if any("ports" not in rule for rule in spec.get("egress", [])):
            yield "the NetworkPolicy lets out anything"
        missing = {("UDP", 53), ("TCP", 53), ("TCP", 6379), ("TCP", 5432)} - out
        if missing:
            yield f"the NetworkPolicy keeps the relay from {sorted(missing)}"


def _is_monitoring(peers):
    wanted = {"namespaceSelector": {"matchLabels": {NAMESPACE: "monitoring"}}}
    return bool(peers) and all(peer == wanted for peer in peers)


NETWORK_RULES = [no_affinity, labels, doors, proxy, policy]
