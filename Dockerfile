FROM python:3.12-slim

RUN useradd --system --create-home --uid 10001 medvirkning
WORKDIR /app
COPY requirements.lock ./
RUN python -m pip --disable-pip-version-check install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN python -m pip --disable-pip-version-check install --no-cache-dir --no-deps --no-build-isolation .

USER medvirkning
ENV MEDVIRKNING_DATA=/home/medvirkning/data
WORKDIR /home/medvirkning
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
# The application is made in each worker, after the fork: no connection is shared between processes.
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", \
     "--graceful-timeout", "20", "api.app:create_app()"]
