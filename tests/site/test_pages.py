"""Rules that every page of the site keeps, in the light at a desk and in the dark on a phone."""

from visit import Visit

MEGABYTE = 1_000_000


def test_no_request_to_another_host(visited: Visit):
    assert "\n".join(visited.external) == ""


def test_no_error_in_the_console(visited: Visit):
    assert "\n".join(visited.errors) == ""


def test_no_request_fails(visited: Visit):
    assert "\n".join(visited.failed) == ""


def test_the_page_never_scrolls_sideways(visited: Visit):
    assert "\n".join(visited.wide) == ""


def test_every_image_has_alternative_text(visited: Visit):
    assert "\n".join(visited.nameless_images) == ""


def test_axe_finds_nothing(visited: Visit):
    assert "\n".join(visited.inaccessible) == ""


def test_the_page_is_light(visited: Visit):
    assert visited.n_bytes < MEGABYTE
