"""The pure steps: no ROS, no SQL, no files, no clock. Start reading at `pipeline`."""
