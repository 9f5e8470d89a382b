"""A recorded day measured again, with other zones, another detector or other limits; the first measurement stays."""
