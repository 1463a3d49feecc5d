"""The voice bot that answers a complaint hotline. Importing it builds and reads nothing."""
