"""Gives requests to the public library of Standard Webhooks (PyPI), as a tenant would.

stdin: [{"body", "headers", "secret"}, ...]; stdout: [{"type"} or {"error"}, ...] in the same order.
"""
import json
import sys

from standardwebhooks import Webhook

results = []
for request in json.load(sys.stdin):
    secret = request["secret"]
    try:
        # A secret without whsec_ is its own bytes; the library would take it for Base64.
        webhook = Webhook(secret if secret.startswith("whsec_") else secret.encode())
        results.append({"type": webhook.verify(request["body"], request["headers"])["type"]})
    except Exception as error:  # pylint: disable=broad-except  # whatever a receiver would answer 400 for
        results.append({"error": f"{type(error).__name__}: {error}"})
json.dump(results, sys.stdout)
