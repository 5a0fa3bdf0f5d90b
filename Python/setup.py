"""Builds the extension module against the library that `build-wheel` has put into the package.

Everything else about the package is in pyproject.toml.
"""

import os

from setuptools import Extension, setup

native = Extension(
    "holdfast._native",
    sources=["src/native.c"],
    include_dirs=["../Sources/CHoldfastInterface/include"],
    define_macros=[("Py_LIMITED_API", "0x03090000")],
    py_limited_api=True,
    extra_compile_args=["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"],
    libraries=["HoldfastC"],
    library_dirs=["src/holdfast"],
    extra_link_args=["-Wl,-rpath,$ORIGIN"],
)

options = {"bdist_wheel": {"py_limited_api": "cp39"}}
if platform := os.environ.get("HOLDFAST_WHEEL_PLATFORM"):
    options["bdist_wheel"]["plat_name"] = platform

setup(ext_modules=[native], options=options)
