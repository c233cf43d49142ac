"""The HTTP API for tools: organisers' and trustees' views. Each parses a request, calls an action, and responds."""
