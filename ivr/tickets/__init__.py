"""The ticket of a complaint: what it holds, when it is complete, how it is judged, tied to the past and kept.

Everything but `store`, `reading`, `wrap_up`, `database`, `outbox` and `tokens` is pure: no asyncio, no database, no
clock.
"""
