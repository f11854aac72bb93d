"""The embedded AWS: `make run` in the foreground, `stack.Stack` in tests."""
