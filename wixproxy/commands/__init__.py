"""What each command does; the command line itself is `wixproxy.cli`."""
