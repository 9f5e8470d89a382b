"""What stands between ROS and the pure steps: topics, messages, parameters, diagnostics."""
