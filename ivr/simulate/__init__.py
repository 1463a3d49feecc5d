"""Simulated callers: a SIP telephone, the caller's rules, the checks of what the product made of the call, reports."""
