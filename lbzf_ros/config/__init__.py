"""The plant file: its schema (the only place with defaults) and how it is read."""

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Camera, Module, Plant
from lbzf_ros.config.stations import StationConfig, ZoneConfig

__all__ = ["Camera", "Module", "Plant", "StationConfig", "ZoneConfig", "load_plant"]
