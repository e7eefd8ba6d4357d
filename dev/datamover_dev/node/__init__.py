"""A real Kubernetes node on this machine, without a container engine or a registry: kubelet, containerd, images."""
