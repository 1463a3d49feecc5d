"""What a spoken Chinese answer means: numbers, money, dates, times, terms, yes and no.

Pure functions of text and the call's date; no network, no clock. Start at `find` and `yesno`.
"""
