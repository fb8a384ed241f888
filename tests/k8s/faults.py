"""Faults, planted one at a time into what was rendered or read: a rule that stopped to see its own must not pass."""

import copy

FAULTS = []


def fault(seen_as):
    """A fault, and words of the problem that has to be reported for it."""
    def add(plant):
        FAULTS.append((plant, seen_as))
        return plant
    return add


def unseen(renderings, source, problems):
    """Yields the faults that nobody reports. Each is planted in the first kustomization that has its place."""
    for plant, seen_as in FAULTS:
        planted = False
        for rendering in renderings:
            broken, known = copy.deepcopy(rendering), copy.deepcopy(source)
            try:
                plant(broken, known)
            except (IndexError, KeyError):
                continue
            planted = True
            found = problems(broken, known)
            if not any(seen_as in problem for problem in found):
                yield f"{rendering.name}: the fault {plant.__name__} is not reported as {seen_as!r}, but as {found}"
            break
        if not planted:
            yield f"the fault {plant.__name__} could be planted nowhere"


def _service(r, index=0):
    return r.of("Service")[index]["spec"]


def _config(r):
    return r.of("ConfigMap")[0]["data"]


def _hpa(r):
    return r.of("HorizontalPodAutoscaler")[0]["spec"]


def _ingress(r):
    return r.of("Ingress")[0]


def _policy(r):
    return r.of("NetworkPolicy")[0]["spec"]


def _set(place, **values):
    place.update(values)


def _annotate(r, name, value):
    _ingress(r)["metadata"]["annotations"]["nginx.ingress.kubernetes.io/" + name] = value


def _each(seen_as, *plants):
    """Short ones, of one rule."""
    for number, plant in enumerate(plants, 1):
        plant.__name__ = f"{seen_as!r} number {number}"
        fault(seen_as)(plant)


# Schemas
_each(
    "schema:",
    lambda r, s: _set(r.deployment["spec"], replica=3),
    lambda r, s: _set(r.pod, terminationGracePeriodSeconds="90s"),
    lambda r, s: _set(r.of("Service")[0], apiVersion="v7"),
    lambda r, s: _set(r.container["livenessProbe"], periodSecond=1),
    lambda r, s: _hpa(r).pop("maxReplicas"),
)
_each("there is no", lambda r, s: r.objects.remove(r.of("NetworkPolicy")[0]), lambda r, s: r.objects.remove(r.of("PodDisruptionBudget")[0]))

# Rules of the pods
_each(
    "terminationGracePeriodSeconds is",
    lambda r, s: _set(r.pod, terminationGracePeriodSeconds=80),
    lambda r, s: _set(_config(r), DRAIN_TIMEOUT="2m"),
    lambda r, s: _set(r.container["lifecycle"]["preStop"]["sleep"], seconds=25),
    lambda r, s: setattr(s, "last_answers", 20),
)
_each("grace: KeyError", lambda r, s: r.container.pop("lifecycle"))
_each(
    "Probe asks",
    lambda r, s: _set(r.container["livenessProbe"]["httpGet"], path="/health"),
    lambda r, s: _set(r.container["startupProbe"]["httpGet"], port="http"),
    lambda r, s: r.container.pop("readinessProbe"),
    lambda r, s: s.routes.remove("/readyz"),
)
_each("within REDIS_HOLD", lambda r, s: _set(r.container["readinessProbe"], failureThreshold=1))
_each(
    "is no setting of the binary",
    lambda r, s: _set(_config(r), DRAIN_TIME_OUT="60s"),
    lambda r, s: r.container["env"].append({"name": "JWT_KEY", "value": "x"}),
    lambda r, s: s.defaults.pop("LOG_FORMAT"),
)
_each("is a secret, and", lambda r, s: _set(_config(r), JWT_SECRET="x"), lambda r, s: _set(r.container["env"][0], value="x", valueFrom={}))
_each(
    "does not come from the Secret",
    lambda r, s: r.container["env"].pop(),
    lambda r, s: _set(r.container["env"][0]["valueFrom"]["secretKeyRef"], key="OTHER"),
    lambda r, s: _set(r.container["env"][0]["valueFrom"]["secretKeyRef"], optional=True),
)
_each("a Secret is in", lambda r, s: r.objects.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "switchboard"}}))
_each("envFrom of", lambda r, s: _set(r.of("ConfigMap")[0]["metadata"], name="switchboard-other"))
_each("LISTEN and its default", lambda r, s: _set(_config(r), LISTEN="0.0.0.0:3000"), lambda r, s: _set(s.defaults, METRICS_LISTEN="0.0.0.0:9465"))
_each("the Dockerfile exposes", lambda r, s: s.exposed.add(80))
_each("USER of the Dockerfile", lambda r, s: setattr(s, "user", 1000), lambda r, s: r.pod["securityContext"].pop("runAsUser"))
_each(
    "is not as strict",
    lambda r, s: _set(r.pod["securityContext"], runAsNonRoot=False),
    lambda r, s: r.pod["securityContext"].pop("seccompProfile"),
    lambda r, s: _set(r.container["securityContext"], allowPrivilegeEscalation=True),
    lambda r, s: _set(r.container["securityContext"], readOnlyRootFilesystem=False),
    lambda r, s: _set(r.container["securityContext"]["capabilities"], add=["NET_ADMIN"]),
    lambda r, s: r.pod.pop("automountServiceAccountToken"),
    lambda r, s: r.of("ServiceAccount")[0].pop("automountServiceAccountToken"),
    lambda r, s: r.pod.pop("enableServiceLinks"),
    lambda r, s: _set(r.pod, serviceAccountName="default"),
    lambda r, s: r.container["resources"].pop("limits"),
)
_each("does not scale by", lambda r, s: _hpa(r)["metrics"].pop(0))
_each("is no metric of", lambda r, s: s.metrics.remove("switchboard_connections"))
_each("the others have more", lambda r, s: _set(_hpa(r), minReplicas=2), lambda r, s: _set(_config(r), MAX_CONNECTIONS="9000"))
_each("no guard for CPU", lambda r, s: _hpa(r)["metrics"].pop())
_each("more than one pod at a time", lambda r, s: _set(_hpa(r)["behavior"]["scaleDown"]["policies"][0], value=2))
_each("while the last is drained", lambda r, s: _set(_hpa(r)["behavior"]["scaleDown"]["policies"][0], periodSeconds=60))
_each("names its replicas", lambda r, s: _set(r.deployment["spec"], replicas=3))
_each("a rollout takes", lambda r, s: _set(r.deployment["spec"]["strategy"]["rollingUpdate"], maxUnavailable=1))
_each("other than one pod", lambda r, s: _set(r.of("PodDisruptionBudget")[0]["spec"], maxUnavailable=2))
_each("not over zones", lambda r, s: r.pod["topologySpreadConstraints"].pop())


@fault("has no tag")
def an_image_without_a_tag(r, s):
    _ingress(r)
    r.container["image"] = "registry.example.org/switchboard"


# Rules of the network
_each("has session affinity", lambda r, s: _set(_service(r), sessionAffinity="ClientIP"))
_each(
    "ties clients to pods",
    lambda r, s: _annotate(r, "affinity", "cookie"),
    lambda r, s: _annotate(r, "upstream-hash-by", "$remote_addr"),
)
_each(
    "the pods have",
    lambda r, s: _set(_service(r), selector={"app.kubernetes.io/name": "relay"}),
    lambda r, s: _set(_service(r, 1), selector={}),
    lambda r, s: _set(r.of("PodDisruptionBudget")[0]["spec"]["selector"], matchLabels={"app": "switchboard"}),
    lambda r, s: _set(_policy(r), podSelector={}),
    lambda r, s: _set(r.pod["topologySpreadConstraints"][0]["labelSelector"], matchLabels={"app": "switchboard"}),
    lambda r, s: _set(r.pod_labels, **{"app.kubernetes.io/name": "relay"}),
)
_each("the HPA scales", lambda r, s: _set(_hpa(r)["scaleTargetRef"], name="relay"))
_each("in several namespaces", lambda r, s: _set(_ingress(r)["metadata"], namespace="default"))
_each(
    "leads to",
    lambda r, s: _service(r)["ports"].append({"name": "metrics", "port": 9464, "targetPort": "metrics"}),
    lambda r, s: _set(_service(r)["ports"][0], targetPort="web"),
    lambda r, s: _set(_ingress(r)["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"], name="switchboard-metrics"),
)
_each("is a LoadBalancer", lambda r, s: _set(_service(r), type="LoadBalancer"))
_each("another one than the container's", lambda r, s: _set(_service(r)["ports"][0], port=80))
_each("is not above 85 s", lambda r, s: _annotate(r, "proxy-read-timeout", "60"), lambda r, s: _annotate(r, "proxy-send-timeout", "85"))
_each("is below 8000000", lambda r, s: _annotate(r, "proxy-body-size", "1000000"))
_each("leaves a direction open", lambda r, s: _set(_policy(r), policyTypes=["Ingress"]))
_each("lets in", lambda r, s: _policy(r)["ingress"][1].pop("from"), lambda r, s: _policy(r)["ingress"].append({}))
_each("keeps out clients", lambda r, s: _policy(r)["ingress"].pop(0))
_each("lets out anything", lambda r, s: _policy(r)["egress"].append({}))
_each("keeps the relay from", lambda r, s: _policy(r)["egress"].pop(1))
