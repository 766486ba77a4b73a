"""An independent Wix, speaking only HTTP."""
