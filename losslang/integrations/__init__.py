"""Other libraries: their configs and conventions, and what they draw."""
