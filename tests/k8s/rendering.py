"""One kustomization, rendered."""


class Rendering:
    def __init__(self, name, objects):
        self.name = name
        self.objects = objects
        self.is_base = name == "k8s/base"

    def of(self, kind):
        return [found for found in self.objects if found["kind"] == kind]

    def names(self, kind):
        return {found["metadata"]["name"] for found in self.of(kind)}

    @property
    def deployment(self):
        return self.of("Deployment")[0]

    @property
    def pod(self):
        return self.deployment["spec"]["template"]["spec"]

    @property
    def pod_labels(self):
        return self.deployment["spec"]["template"]["metadata"]["labels"]

    @property
    def container(self):
        return self.pod["containers"][0]

    def setting(self, name, source):
        """As the binary sees it: the ConfigMap's, else the default."""
        data = self.of("ConfigMap")[0]["data"]
        return data.get(name) or source.defaults[name]


def port_of(address):
    return int(address.rsplit(":", 1)[1])
