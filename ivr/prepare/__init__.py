"""Everything a fresh machine lacks, brought into the project's folder: `python3 -m ivr.prepare`.

Runs under the system's own python3 (3.9 or newer) before any environment exists, so it uses the standard library alone.
"""
