"""The parts of a workbook that a person made: a zip that is read with care, and written again part by part."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lxml import etree

from lbzf_ros.core.errors import ConfigError

_MOST_PARTS = 10_000
_MOST_BYTES = 300_000_000
"""Of all parts unpacked: a zip can pretend to be small."""
ENDINGS = (".xlsx", ".xlsm")
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"


class Package:
    """A workbook's parts."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        """Of an open file; `opened` opens one."""
        self.path, self._file = path, file
        main = self._main_part()
        self.workbook_part = main
        self.workbook = self.xml(main)
        self.namespace = etree.QName(self.workbook).namespace or ""
        self._targets = dict(self._relations(main))
        self.sheets = self._sheets()

    def read(self, name: str) -> bytes:
        """A part as it is."""
        try:
            return self._file.read(name)
        except (KeyError, zipfile.BadZipFile, OSError, RuntimeError) as error:
            raise ConfigError(
                f"{self.path}: its part {name} cannot be read ({error}); save it anew"
            ) from None

    def xml(self, name: str) -> Any:
        """The root of an XML part."""
        # Nothing outside of the file is read, whatever it says, and entities stay what they are.
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.fromstring(self.read(name), parser)
        except etree.XMLSyntaxError as error:
            raise ConfigError(f"{self.path}: its part {name} is no XML ({error}); save it anew") from None
        if _has_entities(root):
            raise ConfigError(
                f"{self.path}: its part {name} declares entities, which no workbook needs; save it anew"
            )
        return root

    def tag(self, name: str) -> str:
        """The name of an element in the file's own namespace (there are two)."""
        return f"{{{self.namespace}}}{name}"

    @property
    def has_1904(self) -> bool:
        """Whether days are counted from 1904."""
        properties = self.workbook.find(self.tag("workbookPr"))
        return properties is not None and properties.get("date1904") in {"1", "true"}

    @property
    def styles_part(self) -> str | None:
        """Name of the part with the styles."""
        return next((name for kind, name in self._targets.values() if kind == "styles"), None)

    def defined_names(self) -> dict[str, str]:
        """Names of the whole workbook and what they stand for."""
        found = self.workbook.iterfind(f"{self.tag('definedNames')}/{self.tag('definedName')}")
        return {name.get("name"): name.text or "" for name in found if name.get("localSheetId") is None}

    def write(self, target: Path, changed: Mapping[str, bytes]) -> None:
        """Write all parts in their order with their dates, those that changed with their new content."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
            for part in self._file.infolist():
                info = zipfile.ZipInfo(part.filename, part.date_time)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = part.external_attr
                content = changed.get(part.filename)
                new.writestr(info, self.read(part.filename) if content is None else content)

    def _main_part(self) -> str:
        for kind, target in dict(self._relations("")).values():
            if kind == "officeDocument":
                return target
        raise ConfigError(f"{self.path}: is no Excel workbook")

    def _relations(self, part: str) -> Iterator[tuple[str, tuple[str, str]]]:
        """Id, kind and part of everything that a part refers to inside of the file."""
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        for relation in root.iterfind(f"{_RELATIONS}Relationship"):
            if relation.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip(
                    "/"
                )
                yield relation.get("Id", ""), (relation.get("Type", "").rsplit("/", 1)[-1], target)

    def _sheets(self) -> dict[str, str]:
        found = {}
        for sheet in self.workbook.iterfind(f"{self.tag('sheets')}/{self.tag('sheet')}"):
            number = next((value for name, value in sheet.attrib.items() if str(name).endswith("}id")), "")
            kind, part = self._targets.get(str(number), ("", ""))
            if kind == "worksheet":
                found[str(sheet.get("name"))] = part
        return found


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """Open a workbook to read its parts.

    Raises:
        ConfigError: it is none, or none that can be filled; the text says what to do.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ConfigError(f"{path}: a template is an {' or '.join(ENDINGS)} file; save it as one")
    try:
        with zipfile.ZipFile(path) as file:
            parts = file.infolist()
            names = [part.filename for part in parts]
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_BYTES:
                raise ConfigError(
                    f"{path}: is too big for a template ({_MOST_BYTES // 1_000_000} MB unpacked at most)"
                )
            if len(set(names)) < len(names) or any(part.flag_bits & 1 for part in parts):
                raise ConfigError(f"{path}: has parts twice or encrypted; save it anew without a password")
            yield Package(path, file)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}. Name the template with --template."
        ) from None
    except zipfile.BadZipFile:
        raise ConfigError(
            f"{path}: is no Excel workbook, or has a password; open it in Excel and save it as .xlsx without one"
        ) from None


def _has_entities(root: Any) -> bool:
    return bool(root.getroottree().docinfo.doctype)
