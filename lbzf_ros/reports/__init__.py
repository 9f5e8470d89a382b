"""What people read: evaluations, data sets, tables. Reads the store; imports core, config and store only."""
