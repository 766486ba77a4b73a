"""Answer requests: a module for each family of URLs. None of them knows another."""
