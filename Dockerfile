# Two stages: the packages of requirements.lock are installed with their hashes checked, then only the result is kept.
FROM python:3.11-slim-bookworm AS packages
COPY bin/house/uv.txt requirements.lock /build/
RUN python -m venv /venv \
 && pip install --no-cache-dir --require-hashes --target /build/uv -r /build/uv.txt \
 && /build/uv/bin/uv pip sync --python /venv/bin/python --require-hashes --no-cache /build/requirements.lock

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Yinling" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --create-home --home-dir /home/yinling yinling \
 && install -d -o yinling -g yinling /var/lib/yinling /var/cache/yinling
COPY --from=packages /venv /venv
WORKDIR /app
COPY alembic.ini LICENSE THIRD_PARTY_NOTICES.md ./
COPY migrations migrations
COPY sql sql
COPY locale locale
COPY sample_data sample_data
COPY web web
COPY geo geo
COPY timebank timebank
COPY services services
COPY api api
COPY workers workers
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUTF8=1 \
    NUMBA_CACHE_DIR=/var/cache/yinling/numba
USER yinling
RUN python -c "from geo.kernels import warm_up; warm_up()"
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=6 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
CMD ["python", "-m", "workers.command_line", "serve", "--host", "0.0.0.0", "--port", "8000"]
