# The service as an image: docker build -t proxy-l3l4 .     How to run it, and what io_uring needs: docs/DOCKER.md
# Both images can be replaced (--build-arg): the first needs a JDK 25 with jlink and apt, the second glibc and bash.
ARG BUILD_IMAGE=eclipse-temurin:25-jdk-noble
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends maven \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# Tests belong to .ci/run: an image build has neither network namespaces nor the programs that they talk to.
RUN mvn -B -q -Dquick -Dmaven.test.skip=true -pl engine,replay-tools -am package \
 && packaging/layout /out
# A JVM of just the modules that the service uses. jdk.compiler: Chronicle generates classes; jdk.jcmd: a look inside.
RUN jlink --output /out/jdk --no-header-files --no-man-pages --compress zip-6 --generate-cds-archive \
    --add-modules java.base,java.compiler,java.instrument,java.logging,java.management,java.naming,java.net.http,java.sql,java.xml,jdk.compiler,jdk.crypto.ec,jdk.httpserver,jdk.jcmd,jdk.jfr,jdk.management,jdk.net,jdk.unsupported,jdk.zipfs

FROM ${RUNTIME_IMAGE}
COPY --from=build /out /opt/proxy-l3l4
RUN groupadd --system --gid 10001 proxy-l3l4 \
 && useradd --system --uid 10001 --gid proxy-l3l4 --home-dir /var/lib/proxy-l3l4 --shell /usr/sbin/nologin proxy-l3l4 \
 && install -d -o proxy-l3l4 -g proxy-l3l4 /var/lib/proxy-l3l4 \
 && install -d /etc/proxy-l3l4
# Here and not in the first stage: the JVM uses what it recorded for this very JDK and these very jars alone.
RUN JAVA_HOME=/opt/proxy-l3l4/jdk /opt/proxy-l3l4/bin/proxy-l3l4 --record-start \
 && chmod 644 /opt/proxy-l3l4/app/engine.aot \
 && rm -f /opt/proxy-l3l4/app/engine.aot.l*
ENV JAVA_HOME=/opt/proxy-l3l4/jdk PATH=/opt/proxy-l3l4/bin:/usr/local/bin:/usr/bin:/bin
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/proxy-l3l4
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["/opt/proxy-l3l4/bin/healthcheck"]
ENTRYPOINT ["/opt/proxy-l3l4/bin/proxy-l3l4"]
CMD ["run", "--config", "/etc/proxy-l3l4/config.yaml"]
