"""In what answers differ, and what other settings would have answered."""
