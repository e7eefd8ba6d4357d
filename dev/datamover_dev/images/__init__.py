"""The project's images: what the Dockerfile says, and what builds it on this machine."""
