"""What people enter (operators, shifts, lost time, observations, ground truth), and who changed what."""
