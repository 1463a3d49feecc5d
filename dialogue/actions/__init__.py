"""Custom actions: they read and write facts and word sentences; rules and forms say what is asked next."""
