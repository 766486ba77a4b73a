"""What is asked of a proxy: requests, bodies, WebSockets and events, always a bounded number."""
