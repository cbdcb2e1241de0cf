# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs first in the bundle: what wattui starts, and TLS, get the environment of this system."""

import os
import sys

#: Certificates of Debian and Arch, of Fedora, of SUSE, and of Alpine and macOS.
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def restore_library_path() -> None:
    """Take the bundle's folder out of the library path: it is for this process alone."""
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before


def find_certificates() -> None:
    """Tell TLS where this system has its certificates, and not the one of the build."""
    found = next(filter(os.path.isfile, _CERTIFICATES), None)
    if found is not None and "SSL_CERT_DIR" not in os.environ:
        os.environ.setdefault("SSL_CERT_FILE", found)


if sys.platform != "win32":
    restore_library_path()
    find_certificates()
