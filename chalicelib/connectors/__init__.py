"""Where else personal data lives, and how it is told what happened."""
