# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the icons of ``resources/icons`` from their SVGs: ``make icons``.

The results are kept in the repository, so that neither building nor installing
needs Qt.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PyQt5.QtCore import QBuffer, QByteArray, QRectF, Qt
from PyQt5.QtGui import QGuiApplication, QImage, QPainter
from PyQt5.QtSvg import QSvgRenderer

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "icons"
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
#: Sizes inside the single file for Windows.
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
#: Names of the sizes inside the single file for Apple.
ICNS_TYPES = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09"}


def png(svg: QSvgRenderer, size: int) -> bytes:
    """Return the drawing at *size* pixels as the bytes of a PNG."""
    image = QImage(size, size, QImage.Format_ARGB32)
    image.fill(Qt.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.Antialiasing)
    svg.render(painter, QRectF(0, 0, size, size))
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.WriteOnly)
    if not image.save(buffer, "PNG"):
        raise RuntimeError(f"Qt could not write a PNG of {size} pixels")
    return bytes(data)


def ico(images: dict[int, bytes]) -> bytes:
    """Return a Windows icon: a directory of PNGs."""
    head = struct.pack("<HHH", 0, 1, len(ICO_SIZES))
    offset = len(head) + 16 * len(ICO_SIZES)
    entries, bodies = b"", b""
    for size in ICO_SIZES:
        side = size % 256  # 0 means 256
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(images[size]), offset)
        bodies += images[size]
        offset += len(images[size])
    return head + entries + bodies


def icns(images: dict[int, bytes]) -> bytes:
    """Return an Apple icon: PNGs, each with its type and length."""
    body = b"".join(
        kind + struct.pack(">I", 8 + len(images[size])) + images[size]
        for size, kind in ICNS_TYPES.items()
    )
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def main() -> None:
    """Write every icon."""
    application = QGuiApplication(["make_icons"])
    for name, sizes in (("wattui", SIZES), ("wattui-session", (16, 32, 48, 64, 128, 256))):
        svg = QSvgRenderer(str(FOLDER / f"{name}.svg"))
        if not svg.isValid():
            raise SystemExit(f"Qt cannot read {name}.svg")
        images = {size: png(svg, size) for size in sizes}
        for size, data in images.items():
            (FOLDER / f"{name}-{size}.png").write_bytes(data)
        if name == "wattui":
            (FOLDER / "wattui.ico").write_bytes(ico(images))
            (FOLDER / "wattui.icns").write_bytes(icns(images))
    del application


if __name__ == "__main__":
    main()
