"""What the command line offers, a module each: `command` (a function) or `app` (a group of functions)."""
