"""Read the configuration from every source into one frozen value."""

from .model import Config, Mode

__all__ = ["Config", "Mode"]
