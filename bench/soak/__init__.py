"""What takes longer than a benchmark: whether memory and descriptors stay flat under mixed load."""
