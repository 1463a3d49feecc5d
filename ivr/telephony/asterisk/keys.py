"""Keys that two witnesses tell of, each in its order; each key counts once. Pure.

AudioSocket tells of keys on newer releases only, AMI on all, but AMI can be away for a while.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Keys:
    _told: Counter[str] = field(default_factory=Counter)
    """Witness → how many keys it told of."""
    _counted: int = 0

    def take(self, witness: str) -> bool:
        """Is this a key that nobody told of before?"""
        self._told[witness] += 1
        if self._told[witness] <= self._counted:
            return False
        self._counted = self._told[witness]
        return True
