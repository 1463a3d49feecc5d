"""One call, without network or clock."""
