"""The page and the API: FastAPI over the store, live state over ROS. Only `bridge_node` knows ROS."""
