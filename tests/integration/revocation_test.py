#!/usr/bin/env python3
"""revocation_test.py BUILD: sessions ended by the application, as two engines on one real Redis see it (revocation.cpp)."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from redis_servers import RedisServer

with tempfile.TemporaryDirectory() as folder:
    redis = RedisServer('redis-server', Path(folder))
    try:
        code = subprocess.run([f'{sys.argv[1]}/tests/integration/revocation'], env={**os.environ, 'REDIS_URL': f'redis://127.0.0.1:{redis.port}'}).returncode
    finally:
        redis.stop()
sys.exit(code)
