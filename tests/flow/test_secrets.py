"""Rule 6: a secret planted in every place where one may stand is found in nothing that leaves the daemon but its own request."""

from __future__ import annotations

import io
import logging

from aiohttp import web

from monitor import log
from tests.flow.harness import daemon, until

SECRETS = {
    "header": "S3CRET-header-aa11", "userinfo": "S3CRET-userinfo-bb22", "expected": "S3CRET-expected-cc33",
    "hook": "S3CRET-hook-dd44", "apprise": "S3CRET-apprise-ee55", "reference": "S3CRET-reference-ff66",
    "server": "S3CRET-server-gg77", "sync": "S3CRET-sync-hh88",
}  # fmt: skip
PATHS = (
    "/", "/metrics", "/api/v1/status", "/api/v1/targets?limit=500", "/api/v1/targets/echo", "/api/v1/targets/erp",
    "/api/v1/targets/echo/results", "/api/v1/incidents", "/api/v1/reference", "/targets/echo", "/authorities/beijing",
    "/api/v1/openapi.json", "/api/v1/silences", "/api/v1/nothing", "/nothing",
)  # fmt: skip


async def echo(request: web.Request) -> web.Response:
    """A hostile server: says back what it was sent, in the code and in the message."""
    said = f"{request.headers.get('X-Api-Key', '')} {request.headers.get('Authorization', '')}"
    return web.json_response({"code": said, "msg": said})


async def test_rule_6_no_planted_secret_is_found_anywhere(few, hook, tmp_path, monkeypatch):
    for name, secret in SECRETS.items():
        monkeypatch.setenv(f"PLANTED_{name.upper()}", secret)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hostile = f"127.0.0.1:{runner.addresses[0][1]}"
    receivers = {
        "bus": {"webhook": hook.url, "token": {"env": "PLANTED_HOOK"}},
        "gone": {"apprise": [f"json://user:{SECRETS['apprise']}@127.0.0.1:1/x"]},
    }
    planted = f"""
  - {{name: echo, kind: http, authority: beijing, service: own, url: "http://u:{SECRETS["userinfo"]}@{hostile}/e",
     headers: {{X-Api-Key: {{env: PLANTED_HEADER}}}}, expect: {{body_contains: [{{env: PLANTED_EXPECTED}}]}}}}
  - {{name: erp, kind: sync, authority: beijing, codes: nuonuo, request: {{method: POST, url: "http://{hostile}/s",
     headers: {{X-Api-Key: {{env: PLANTED_SYNC}}}}, json: {{}}}}}}
judgement:"""
    config = few.config(receivers=receivers, interval="2s", timeout="1500ms").replace(
        "judgement:", planted, 1
    )
    config = config.replace("server:\n", "server:\n  token: {env: PLANTED_SERVER}\n", 1)
    config += f'reference: [{{name: hq, url: "http://{hostile}/r", token: {{env: PLANTED_REFERENCE}}}}]\n'
    written = io.StringIO()
    log.configure(level="debug", form="json")
    logging.getLogger().handlers[0].setStream(written)  # type: ignore[attr-defined]
    try:
        async with daemon(config, tmp_path) as running:
            await until(lambda: hook.got, seconds=30)
            answers = [await running.text(path) for path in PATHS]
    finally:
        logging.getLogger().handlers.clear()
        logging.getLogger().setLevel(logging.WARNING)
        await runner.cleanup()
    left = {"log": written.getvalue(), "told": repr(hook.got), **dict(zip(PATHS, answers, strict=True))}
    assert "target.down" in left["log"]
    found = [
        (place, name) for place, text in left.items() for name, secret in SECRETS.items() if secret in text
    ]
    assert found == []
