"""Tests of lbzf_ros.detectors."""
