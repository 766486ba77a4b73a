# The first stage turns the sources into a wheel and installs it into its own
# environment; the second carries that environment and nothing that built it.

FROM python:3.13-slim-trixie AS build

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY wixproxy ./wixproxy
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/wixproxy \
    && /opt/wixproxy/bin/pip install --no-cache-dir "$(echo /wheels/*.whl)[redis]"


FROM python:3.13-slim-trixie

# A number, because Kubernetes' runAsNonRoot cannot judge a name. The home
# holds the sealing key of `--emulator`; production brings its own keys and
# writes nothing.
RUN groupadd --gid 65532 wixproxy \
    && useradd --uid 65532 --gid 65532 --create-home --shell /usr/sbin/nologin wixproxy
COPY --from=build /opt/wixproxy /opt/wixproxy

# WIXPROXY_IMAGE makes production the default mode. The host is what the
# container listens on; what browsers see is server.public_url.
ENV PATH=/opt/wixproxy/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WIXPROXY_IMAGE=1 \
    WIXPROXY__SERVER__HOST=0.0.0.0

# A wixproxy.toml mounted here is found.
WORKDIR /home/wixproxy
USER 65532:65532
EXPOSE 4321
HEALTHCHECK CMD ["wixproxy", "healthcheck"]
ENTRYPOINT ["wixproxy"]
CMD ["serve"]
