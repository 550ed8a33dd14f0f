"""The workshop: programs that measure, render, train and make product files. See README.md."""
