# The likeness command on Linux (x86-64), without a GPU.
#   docker build -t likeness .
#   docker run --rm -v likeness:/home/likeness -v "$PWD:/work" likeness generate --prompt "portrait of a man" --out out
# The volume keeps the unpacked native libraries (about 600 MB) from one run to the next.

FROM --platform=linux/amd64 maven:3.9-eclipse-temurin-17 AS build
COPY . /source
RUN /source/tools/docker/layout.sh /opt/likeness

FROM --platform=linux/amd64 debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends openjdk-17-jre-headless fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 likeness
# As the launcher sets them, for other programs of the image too: docs/guides/go-faster.md.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=150000000 MALLOC_TRIM_THRESHOLD_=400000000 \
    OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=10000 LC_ALL=C.UTF-8
COPY --from=build /opt/likeness /opt/likeness
USER likeness
WORKDIR /work
ENTRYPOINT ["/opt/likeness/bin/likeness"]
