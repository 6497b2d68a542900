"""The assets of the page: types, headers, compressed forms, and nothing from outside their folder."""

import pytest

from tests.server.world import World

FILES = "/webphone-assets/b1"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("boot.js", "text/javascript; charset=utf-8"),
        ("core.mjs", "text/javascript; charset=utf-8"),
        ("pyodide.asm.wasm", "application/wasm"),
        ("phone.css", "text/css; charset=utf-8"),
        ("app.pyc", "application/octet-stream"),
    ],
)
def test_an_asset_may_be_kept_for_ever(world: World, name: str, kind: str) -> None:
    answer = world.ask("GET", f"{FILES}/{name}", headers={"Range": "bytes=zero"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = world.ask("GET", f"{FILES}/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == answer.headers["cache-control"]
    head = world.ask("HEAD", f"{FILES}/{name}")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("GZIP;q=0.5", "gzip"),
        ("zstd;q=0, br ; q=0.000, gzip", "gzip"),
        ("identity", None),
        ("zst, *;q=0", None),
        ("", None),
    ],
)
def test_an_asset_is_sent_in_the_best_form_the_browser_takes(
    world: World, accepted: str, coding: str | None
) -> None:
    folder = world.folder / "dist/frame/assets/b1"
    (folder / "packed.wasm").write_bytes(b"plain")
    lengths = {"zst": 4, "br": 3, "gz": 2}
    for suffix, length in lengths.items():
        (folder / f"packed.wasm.{suffix}").write_bytes(b"x" * length)
    answer = world.ask("HEAD", f"{FILES}/packed.wasm", headers={"Accept-Encoding": accepted})
    assert answer.headers["content-length"] == {"zstd": "4", "br": "3", "gzip": "2", None: "5"}[coding]
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-type"] == "application/wasm"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_an_asset_without_a_compressed_form_is_sent_as_it_is(world: World) -> None:
    answer = world.ask("GET", f"{FILES}/boot.js", headers={"Accept-Encoding": "zstd, br, gzip"})
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/webphone-assets/",
        "/webphone-assets/b1",
        f"{FILES}/",
        f"{FILES}/none.js",
        f"{FILES}/boot.js/",
        f"{FILES}/../../../secret.txt",
        f"{FILES}/..%2f..%2f..%2fsecret.txt",
        f"{FILES}/%2e%2e/%2e%2e/%2e%2e/secret.txt",
        f"{FILES}/..%5c..%5csecret.txt",
        "/webphone-assets//etc/passwd",
        "/webphone-assets/%2fetc/passwd",
        f"{FILES}/%00",
        f"{FILES}/boot.js%00.css",
        f"{FILES}/" + "a" * 5000,
        "/webphone-assets/link.txt",
    ],
)
def test_nothing_outside_the_assets_is_served(world: World, path: str) -> None:
    link = world.folder / "dist" / "frame" / "assets" / "link.txt"
    if not link.is_symlink():
        link.symlink_to(world.folder / "dist" / "secret.txt")
    answer = world.ask("GET", path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Resource not found"})
