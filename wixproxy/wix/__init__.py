"""Speak with Wix's token endpoint and redirect sessions; give sessions usable tokens."""
