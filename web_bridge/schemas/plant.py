"""What there is: modules, cameras, workstations, standard times."""

from __future__ import annotations

from typing import Annotated

from web_bridge.schemas.base import CameraLabel, ModuleCode, Page, Schema, StationCode, UtcTime, example


class Module(Schema):
    """A production line (módulo)."""

    code: ModuleCode
    display_name: Annotated[str, example("For people.", "Angela")]
    product_reference: Annotated[str | None, example("What is being made.", "Ref22 Slim")]
    active: Annotated[bool, example("False: no longer in the plant file.", True)]


class Camera(Schema):
    """A camera as it is set up. Its address is not told."""

    label: CameraLabel
    module: ModuleCode
    resolution: Annotated[str, example("Width x height of the picture that is looked at, px.", "640x480")]
    fps: Annotated[float, example("Pictures a second that are looked at.", 5.0)]
    status: Annotated[str, example("active, inactive (no longer in the plant file) or faulty.", "active")]
    notes: Annotated[str | None, example("Written by people.", None)]


class Workstation(Schema):
    """A workstation (puesto) with the standard time in force."""

    code: StationCode
    module: ModuleCode
    display_name: Annotated[str, example("For people.", "Puesto 1")]
    operation: Annotated[str | None, example("As in the standard times.", "PESPUNTAR CUELLO")]
    sequence_pos: Annotated[int | None, example("Position in the flow of the module, from 1.", 1)]
    camera: Annotated[str | None, example("Camera that sees it.", "cam1")]
    sam_s: Annotated[float | None, example("Standard time of one cycle, seconds.", 22.8)]
    active: Annotated[bool, example("False: no longer in the plant file.", True)]


class StandardTime(Schema):
    """A version of the standard time (SAM) of an operation."""

    reference: Annotated[str, example("Product reference.", "Ref22 Slim")]
    version: Annotated[str, example("A changed SAM is a new version.", "v1")]
    operation: Annotated[str, example("Operation.", "PESPUNTAR CUELLO")]
    sam_minutes: Annotated[float, example("Standard allowed minutes of one unit.", 0.38)]
    cycle_s: Annotated[float, example("The same in seconds.", 22.8)]
    machine_code: Annotated[str | None, example("MPP, MREV, MOJA, MBOT, PLCH, …", "MPP")]
    effective_from: UtcTime
    effective_to: Annotated[UtcTime | None, example("null: in force.", None)]


class ModulePage(Page[Module]):
    """Modules."""


class CameraPage(Page[Camera]):
    """Cameras."""


class WorkstationPage(Page[Workstation]):
    """Workstations."""


class StandardTimePage(Page[StandardTime]):
    """Standard times."""
