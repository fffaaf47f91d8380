"""What the report says in words."""
