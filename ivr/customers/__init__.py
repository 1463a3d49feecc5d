"""What is known of the caller: the CRM as a port, and what stands behind it."""
