# syntax=docker/dockerfile:1.7
# LBZF in a container. docs/deploy.md says how to build it for a PC, for a Jetson, and with pinned images.
#
#   BASE      an image with a 24.04 userland: ROS 2 Jazzy (amd64, arm64). deploy/pin writes its digest to .env.
#   FLAVOUR   plain, or l4t: with CUDA and TensorRT of a Jetson with JetPack 6. Built on the Jetson.
ARG BASE=ros:jazzy-ros-base-noble
ARG FLAVOUR=plain

# Replaced by --build-context jetson=/etc/apt on a Jetson: NVIDIA's archive and key, as that Jetson has them.
FROM scratch AS jetson

# hadolint ignore=DL3006
FROM ${BASE} AS plain
ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8
# Ubuntu's archive as it was at this moment: every package has the version of that day. Not older than BASE.
ARG UBUNTU_SNAPSHOT=20261115T000000Z
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Empty UBUNTU_SNAPSHOT: the archive of today.
# hadolint ignore=DL3008
RUN apt-get ${UBUNTU_SNAPSHOT:+"--snapshot=$UBUNTU_SNAPSHOT"} update \
    && apt-get ${UBUNTU_SNAPSHOT:+"--snapshot=$UBUNTU_SNAPSHOT"} install -y --no-install-recommends \
        libgl1 libglib2.0-0t64 openssl python3 tini util-linux \
    && rm -rf /var/lib/apt/lists/*

FROM plain AS l4t
# Of JetPack 6.2. An engine belongs to one version of TensorRT: another one builds it anew.
ARG CUDA_VERSION=12.6.11-1
ARG TENSORRT_VERSION=10.3.0.30-1+cuda12.5
COPY --from=jetson trusted.gpg.d/jetson-ota-public.asc /etc/apt/trusted.gpg.d/
COPY --from=jetson sources.list.d/nvidia-l4t-apt-source.list /etc/apt/sources.list.d/
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        "cuda-cudart-12-6=${CUDA_VERSION%-*}*" \
        "libnvinfer10=$TENSORRT_VERSION" \
        "libnvinfer-plugin10=$TENSORRT_VERSION" \
        "libnvonnxparsers10=$TENSORRT_VERSION" \
    && rm -rf /var/lib/apt/lists/*
# Libraries of the driver come from the host (runtime nvidia).
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility,video \
    LD_LIBRARY_PATH=/usr/lib/aarch64-linux-gnu/nvidia:/usr/local/cuda-12.6/lib64

# hadolint ignore=DL3006
FROM ${FLAVOUR} AS build
ARG UBUNTU_SNAPSHOT
# hadolint ignore=DL3008
RUN apt-get ${UBUNTU_SNAPSHOT:+"--snapshot=$UBUNTU_SNAPSHOT"} update \
    && apt-get ${UBUNTU_SNAPSHOT:+"--snapshot=$UBUNTU_SNAPSHOT"} install -y --no-install-recommends g++ python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/lbzf
COPY . .
# The same preparation as everywhere: Python packages by version and hash (requirements/*.lock), then the messages.
RUN PIP_NO_CACHE_DIR=1 deploy/with_ros ./lbzf --version \
    && rm -rf build/lbzf_interfaces log/build_* \
    && deploy/with_ros ./lbzf check config/plant.yaml
# NVIDIA's Python bindings for TensorRT are not on PyPI for JetPack 6: put the wheel of the same version there.
ARG FLAVOUR
RUN if [ "$FLAVOUR" = l4t ]; then .venv/bin/pip install --no-cache-dir --no-deps deploy/jetson/tensorrt-*.whl; fi

# hadolint ignore=DL3006
FROM ${FLAVOUR} AS lbzf
ARG UID=10001
RUN groupadd --gid "$UID" lbzf \
    && useradd --uid "$UID" --gid "$UID" --no-create-home --home-dir /tmp --shell /usr/sbin/nologin lbzf \
    && install -d -o lbzf -g lbzf -m 0750 /data
COPY --from=build /opt/lbzf /opt/lbzf
# The root is read-only: what libraries want to write beside themselves goes to /tmp, or nowhere.
ENV HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib PYTHONDONTWRITEBYTECODE=1 ROS_DOMAIN_ID=0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=15m --retries=4 \
    CMD ["/opt/lbzf/deploy/healthy", "http://127.0.0.1:5000/healthz"]
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/lbzf/deploy/with_ros", "/opt/lbzf/lbzf"]
CMD ["up", "--data", "/data"]
