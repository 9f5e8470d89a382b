"""Every scenario: one for each way in which a cycle can be measured wrong."""

from __future__ import annotations

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.scenarios.catalogue.lines import LINE
from lbzf_ros.scenarios.catalogue.people import PEOPLE
from lbzf_ros.scenarios.catalogue.streams import STREAMS
from lbzf_ros.scenarios.catalogue.views import VIEWS
from lbzf_ros.scenarios.model import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="baseline",
        sentence="an ordinary morning",
        wrong="nothing: people pass on the aisle, a supervisor comes, the light changes slowly",
        expected="every cycle",
        line=LINE,
    ),
    *PEOPLE,
    *VIEWS,
    *STREAMS,
)


def scenario(name: str) -> Scenario:
    """The scenario of a name.

    Raises:
        ConfigError: there is none.
    """
    for one in SCENARIOS:
        if one.name == name:
            return one
    raise ConfigError(f"no scenario {name!r}; there are: {', '.join(one.name for one in SCENARIOS)}")
