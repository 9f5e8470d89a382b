"""What every section of a plant file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of every section: an unknown key is an error, and a setting does not change once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
