"""Build of the extension: kernels.c once per tier, everything else once."""

import pathlib
import tempfile

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError
from setuptools.modified import newer_group

# Flags of each tier by the kind of compiler, from the plainest to the widest.
TIERS = {
    "baseline": {"unix": [], "msvc": []},
    "x86_64_v3": {"unix": ["-march=x86-64-v3"], "msvc": ["/arch:AVX2"]},
    "x86_64_v4": {
        "unix": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
        "msvc": ["/arch:AVX512"],
    },
}

# What every C file is compiled with. Nothing here may let the compiler change a result.
COMMON_FLAGS = {
    "unix": [
        "-std=c11",
        "-O3",
        "-fno-math-errno",
        "-fno-trapping-math",
        "-ffp-contract=off",
        "-fvisibility=hidden",
    ],
    "msvc": ["/std:c11", "/O2", "/fp:precise"],
}

KERNELS = "pyx/kernels.c"
C_SOURCES = [
    "pyx/bce.c",
    "pyx/clamp_limits.c",
    "pyx/dispatch.c",
    "pyx/kernels_ld.c",
    "pyx/loops.c",
    "pyx/loops_numpy2.c",
    "pyx/scalar.c",
    "pyx/table.c",
]
HEADERS = sorted(
    str(path)
    for pattern in ("include/cyma/*", "pyx/*.h", "pyx/*.pxd")
    for path in pathlib.Path().glob(pattern)
)

# A program that a compiler for a tier's architecture, and no other, accepts.
PROBE = "#if !defined(__x86_64__) && !defined(_M_X64)\n#error not x86-64\n#endif\nint probe;\n"


class BuildTiers(build_ext):
    """build_ext that compiles the kernels once per tier and links all of them."""

    command_name = "build_ext"  # in messages

    def build_extension(self, ext):
        """Compile the kernels of each tier that the compiler knows, then the rest, and link."""
        kind = "msvc" if self.compiler.compiler_type == "msvc" else "unix"
        ext.extra_compile_args = COMMON_FLAGS[kind] + ext.extra_compile_args
        built = self.get_ext_fullpath(ext.name)
        if not (self.force or newer_group(ext.sources + ext.depends, built, "newer")):
            return
        tiers = [tier for tier in TIERS if self.has_tier(tier, TIERS[tier][kind])]
        ext.define_macros += [(f"CYMA_HAVE_{tier}", "1") for tier in tiers]
        for tier in tiers:
            ext.extra_objects += self.compiler.compile(
                [KERNELS],
                output_dir=str(pathlib.Path(self.build_temp, tier)),
                macros=[("CYMA_TIER", tier)],
                include_dirs=ext.include_dirs,
                debug=self.debug,
                extra_postargs=COMMON_FLAGS[kind] + TIERS[tier][kind],
            )
        super().build_extension(ext)

    def has_tier(self, tier, flags):
        """Tell whether the compiler, for its target, takes a tier's flags."""
        if tier == "baseline":
            return True
        with tempfile.TemporaryDirectory() as folder:
            probe = pathlib.Path(folder, "probe.c")
            probe.write_text(PROBE)
            try:
                self.compiler.compile([str(probe)], output_dir=folder, extra_postargs=flags)
            except CompileError:
                self.warn(f"tier {tier} is left out: the compiler rejects {' '.join(flags)}")
                return False
        return True


if __name__ == "__main__":  # tools read the flags
    setup(
        ext_modules=cythonize(
            [
                Extension(
                    "cyma._ufuncs",
                    ["pyx/_ufuncs.pyx", *C_SOURCES],
                    depends=["setup.py", KERNELS, *HEADERS],
                    include_dirs=["include/cyma", "pyx", numpy.get_include()],
                    define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
                )
            ],
            build_dir="build",
        ),
        cmdclass={"build_ext": BuildTiers},
    )
