"""Read the configuration from every source into one frozen value."""

from .model import Config, Mode
from .reading import Reading, load, read

__all__ = ["Config", "Mode", "Reading", "load", "read"]
