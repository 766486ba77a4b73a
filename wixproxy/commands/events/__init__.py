"""Send events as the emulated Wix would, and look after those that a proxy keeps."""
