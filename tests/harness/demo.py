"""`./dev run`: a recorded call goes through the real server into a tenant's HTTPS endpoint, and is verified there.

    python3 -m tests.harness.demo [--keep]
"""
import json
import pathlib
import shutil
import sys
import tempfile

from tests.harness.livekit import FreshIds, Sender, recording, verify
from tests.harness.server import ROOT, Server
from tests.harness.tenant import Tenant
from tests.harness.tls import Authority

HOOK_SECRET = "demo-hook-secret-0123456789"


def url(tenant, path="/events"):
    """By address: a bare machine may not even know the name localhost."""
    return f"https://127.0.0.1:{tenant.port}{path}"


def environment(tenant):
    """What config/examples/demo.yaml takes from the environment, as an operator would set it."""
    return {
        "HOST": "127.0.0.1", "PORT": "0",
        "LIVEKIT_API_KEY": "devkey", "LIVEKIT_API_SECRET": "secret",
        "SIP_ROOM_PREFIX": "sip-", "SIP_ALLOWED_ADDRESSES": "127.0.0.0/8", "SIP_HOOK_SECRET": HOOK_SECRET,
        "SIP_HOOKS_JSON": json.dumps([{"host": "customer-a.com", "url": url(tenant), "auth_id": "tenant-a"}]),
    }


def play(server, tenant):
    """Posts the ten events of simple_call as LiveKit would, and shows each as the tenant got it. True when all is well."""
    sender, ids = Sender(server.port), FreshIds()
    lines = recording("simple_call")
    for line in lines:
        status, _, _ = sender.post(ids.body(line))
        if status != 200:
            print(f"the server answered {status} to {line['event']}")
            return False
    sender.close()
    if not tenant.wait_count(len(lines)):
        print(f"only {len(tenant.snapshot())} of {len(lines)} events arrived")
        return False
    well = True
    for number, arrival in enumerate(tenant.snapshot(), 1):
        try:
            verify(arrival.headers["Authorization"], arrival.body, "tenant-a", HOOK_SECRET)
            verdict = "signature verified"
        except (KeyError, ValueError) as fault:
            verdict, well = f"SIGNATURE WRONG: {fault}", False
        event = arrival.event
        who = event.get("participant", {}).get("identity", "")
        print(f"  {number:2}  {event['event']:<19} {who:<18} {len(arrival.body):5} bytes  webhook-id {arrival.headers.get('webhook-id')}  {verdict}")
    order = [arrival.event["event"] for arrival in tenant.snapshot()]
    if order != [line["event"] for line in lines]:
        print("the events came in another order than LiveKit sent them")
        well = False
    return well


def keep(server, tenant):
    base = f"http://127.0.0.1:{server.port}"
    print(f"""
The server stays up until you press Ctrl-C. Try:

  curl {base}/sip/hooks
  curl -X POST {base}/sip/hooks -H 'Content-Type: application/json' \\
       -d '{{"hooks":[{{"host":"customer-b.com","url":"{url(tenant, '/b')}","auth_id":"tenant-b"}}]}}'
  curl -X DELETE {base}/sip/hooks -H 'Content-Type: application/json' -d '{{"hosts":["customer-b.com"]}}'
  curl http://127.0.0.1:{server.admin_port}/readyz
  curl http://127.0.0.1:{server.admin_port}/metrics""", flush=True)
    try:
        server.process.wait()
    except KeyboardInterrupt:
        print()


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-demo-"))
    tenant = server = None
    try:
        authority = Authority(folder / "tls")
        shutil.copy(authority.ca_file, folder / "demo-ca.pem")
        tenant = Tenant(authority)
        server = Server(folder, None, environment(tenant))
        shutil.copy(ROOT / "config/examples/demo.yaml", server.config_file)
        server.start()
        print(f"switchhook listens on port {server.port}; tenant-a's endpoint is {url(tenant)}\n")
        print("LiveKit's webhooks of one recorded call, as the tenant received them:\n")
        well = play(server, tenant)
        print("\nEvery event arrived, in order, signed and verified." if well else "\nSomething is wrong; the server's log:\n" + server.log())
        if well and "--keep" in sys.argv:
            keep(server, tenant)
        return 0 if well else 1
    finally:
        if server is not None and server.process is not None:
            server.stop()
        if tenant is not None:
            tenant.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
