// Gives requests to LiveKit's own WebhookReceiver, as a tenant would.
// stdin: [{"body", "authorization", "key", "secret"}, ...]; stdout: [{"event"} or {"error"}, ...] in the same order.
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // node 18 has it under another name, and the SDK looks here at import
const { WebhookReceiver } = await import('livekit-server-sdk');

let input = '';
for await (const chunk of process.stdin) input += chunk;

const results = [];
for (const { body, authorization, key, secret } of JSON.parse(input)) {
  try {
    const event = await new WebhookReceiver(key, secret).receive(body, authorization);
    results.push({ event: event.event, id: event.id });
  } catch (error) {
    results.push({ error: `${error.message}` });
  }
}
process.stdout.write(JSON.stringify(results));
