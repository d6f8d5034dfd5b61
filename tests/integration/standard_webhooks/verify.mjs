// Gives requests to the public library of Standard Webhooks (npm), as a tenant would.
// stdin: [{"body", "headers", "secret"}, ...]; stdout: [{"type"} or {"error"}, ...] in the same order.
import { Webhook } from 'standardwebhooks';

let input = '';
for await (const chunk of process.stdin) input += chunk;

const results = [];
for (const { body, headers, secret } of JSON.parse(input)) {
  try {
    // A secret without whsec_ is its own bytes; the library would take it for Base64.
    const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' });
    results.push({ type: webhook.verify(body, headers).type });
  } catch (error) {
    results.push({ error: `${error.message}` });
  }
}
process.stdout.write(JSON.stringify(results));
