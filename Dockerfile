# One file, two images: `operator` (with the REST service) and `emulator`. `make image` builds both.
# The digest is that of the index, for every platform; `docker buildx imagetools inspect python:3.11-slim` shows today's.
ARG PYTHON_IMAGE=python:3.11-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7

# Packages first, our code last: a change of the code leaves their layers as they are.
FROM ${PYTHON_IMAGE} AS base
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv /opt/datamover

FROM base AS wheel
WORKDIR /build
COPY requirements/build.txt requirements/
RUN /opt/datamover/bin/pip install --quiet --require-hashes --requirement requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY crds crds
COPY common common
COPY operator operator
COPY emulator emulator
COPY api api
RUN /opt/datamover/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

# Of the Kubernetes client, a class for each API that there is; of botocore, each service of AWS: what nothing here calls
# is left out, with the bytecode of what is hardly ever read.
FROM base AS operator-packages
COPY requirements/operator.txt /tmp/
RUN /opt/datamover/bin/pip install --quiet --require-hashes --requirement /tmp/operator.txt \
 && cd /opt/datamover/lib/python3*/site-packages \
 && rm -rf kubernetes/client/models/__pycache__ kubernetes/aio/client/models/__pycache__ \
 && find kubernetes -path '*client/api/*' -type f ! -name '__init__*' -delete \
 && find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name datasync ! -name iam ! -name logs \
    ! -name resourcegroupstaggingapi ! -name s3 ! -name sqs ! -name sts -exec rm -rf {} +
COPY --from=wheel /build/dist /tmp/dist
RUN /opt/datamover/bin/pip install --quiet --no-deps /tmp/dist/*.whl \
 && /opt/datamover/bin/pip uninstall --quiet --yes setuptools pip

FROM base AS emulator-packages
COPY requirements/emulator.txt /tmp/
RUN /opt/datamover/bin/pip install --quiet --require-hashes --requirement /tmp/emulator.txt \
 && cd /opt/datamover/lib/python3*/site-packages \
 && rm -rf kubernetes/client/models/__pycache__ kubernetes/aio/client/models/__pycache__ \
 && find kubernetes -path '*client/api/*' -type f ! -name '__init__*' -delete
COPY --from=wheel /build/dist /tmp/dist
RUN /opt/datamover/bin/pip install --quiet --no-deps /tmp/dist/*.whl \
 && /opt/datamover/bin/pip uninstall --quiet --yes setuptools pip

# What runs: the base without what installs packages.
FROM ${PYTHON_IMAGE} AS final
RUN rm -rf /usr/local/lib/python3*/site-packages /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* /usr/local/bin/wheel \
    /usr/lib/python3*/dist-packages /usr/lib/python3*/ensurepip /usr/bin/pip* /usr/bin/wheel /usr/share/python-wheels

FROM final AS emulator
# A Service has a name with dots, which is no bucket's.
ENV PATH=/opt/datamover/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 S3_IGNORE_SUBDOMAIN_BUCKETNAME=true
COPY --from=emulator-packages /opt/datamover /opt/datamover
USER 65532:65532
EXPOSE 4566
CMD ["datasync-emulator", "--host=0.0.0.0", "--port=4566", "--data-root=/tmp/data"]
# Last, for these change with every commit.
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="datamover-emulator" \
      org.opencontainers.image.description="AWS DataSync, S3, IAM, STS, SQS and EventBridge on one port, for try-outs and tests" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM final AS operator
# USER as a variable: kopf asks for the user's name, and a uid from outside has none.
ENV PATH=/opt/datamover/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 USER=datamover
COPY --from=operator-packages /opt/datamover /opt/datamover
USER 65532:65532
EXPOSE 8080
CMD ["datamover-operator"]
# Last, for these change with every commit.
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="datamover-operator" \
      org.opencontainers.image.description="A Kubernetes operator for AWS DataSync, and its REST service" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
