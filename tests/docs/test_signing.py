"""docs/signing.md: what a tenant of LiveKit's dialect does while its secret changes, with LiveKit's own receiver."""
import json
import os
import re
import subprocess
import unittest

from tests.docs.generate import DOCS
from tests.harness.livekit import event, sign
from tests.harness.server import ROOT

SCRIPT = """
import {{ webcrypto }} from 'node:crypto';
globalThis.crypto ??= webcrypto;
const {{ WebhookReceiver }} = await import('livekit-server-sdk');
const [authId, OLD, NEW] = ['tenant-a', 'old-secret-0123456789', 'new-secret-0123456789'];
{block}
const results = [];
for (const [body, authorization] of JSON.parse(process.env.REQUESTS)) {{
  try {{ results.push((await receive(body, authorization)).event); }} catch (error) {{ results.push(null); }}
}}
console.log(JSON.stringify(results));
"""


@unittest.skipIf(os.environ.get("SWITCHHOOK_SKIP_NPM"), "without npm")
class Rotation(unittest.TestCase):
    def test_a_receiver_that_follows_the_page_takes_both_secrets_and_no_other(self):
        [block] = re.findall(r"^   ```js\n(.*?)^   ```$", (DOCS / "signing.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        body = event("participant_joined")
        requests = [(body.decode(), sign(body, "tenant-a", secret)) for secret in ("old-secret-0123456789", "new-secret-0123456789", "another-secret-0123456")]
        requests.append((body.decode(), sign(body, "tenant-b", "new-secret-0123456789")))
        done = subprocess.run(["node", "--input-type=module", "-e", SCRIPT.format(block=block)], cwd=ROOT / "tests" / "integration" / "livekit_sdk",
                              env={**os.environ, "REQUESTS": json.dumps(requests)}, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), ["participant_joined", "participant_joined", None, None])


if __name__ == "__main__":
    unittest.main()
