"""What stands behind every proxy that is measured; what it costs is not counted."""
