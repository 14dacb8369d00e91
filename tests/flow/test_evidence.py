"""What is found out when an outage is confirmed: taken once, bounded, kept with the incident, shown."""

from __future__ import annotations

from tests.flow.harness import daemon, until


async def test_a_confirmed_outage_gets_one_bundle_of_evidence(few, hook, tmp_path):
    config = few.config(
        receivers={"bus": {"webhook": hook.url}}, interval="2s", timeout="1500ms", group_wait="3s"
    )
    async with daemon(config, tmp_path) as running:
        few.set_fault("shandong", "status_503", service="verify")
        found = await until_told(running, "shandong")
        assert found["incident"].startswith("shandong-verify-")
        assert found["cause"] == "http_status"
        assert found["status_code"] == 503
        assert found["addresses"][0]["cause"] == "none"
        assert found["addresses"][0]["tls_seconds"] > 0
        assert {one["target"] for one in found["controls"]} != set()
        assert found["lateness_seconds"] is not None
        assert found["left_out"] == []
        await until(lambda: hook.got)
        assert hook.got[0]["incidents"][0]["evidence"]["status_code"] == 503


async def until_told(running, slug):
    """The bundle of the first open incident of an authority."""

    async def taken():
        known = await running.json("/api/v1/incidents?open=true")
        for one in known["incidents"]:
            if one["authority"] == slug:
                whole = await running.json(f"/api/v1/incidents/{one['id']}")
                if whole["bundle"] is not None:
                    return whole["bundle"]
        return None

    await until(taken)
    return await taken()
