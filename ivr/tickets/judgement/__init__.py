"""What the product thinks of a complaint: emotion, urgency, complexity, review, summary. Pure; words are data."""
