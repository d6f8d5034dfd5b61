"""Real calls through a real LiveKit server: from a call, or a REST request, to what tenants received. `./dev e2e` runs it."""
