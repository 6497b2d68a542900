"""From a token to a registered phone: tokens, lease, ownership among tabs, WebSocket, registration."""
