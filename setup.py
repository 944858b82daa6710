"""Build of the extension: kernels.c once per tier, everything else once.

No option of the user's may change a result. So options that could are undone by ours, which come
after them, and what could not be undone, as it comes from elsewhere, is found by a trial: a small
program of facts (pyx/facts.c), built as each tier is.
"""

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, PlatformError
from setuptools.modified import newer_group

from distutils.ccompiler import new_compiler  # isort: skip, setuptools has it since Python 3.12
from distutils.sysconfig import customize_compiler  # isort: skip

# The levels of the x86-64 psABI by their features: for compilers that do not know the levels, and
# against options of the user's that take a feature away.
V3 = "-mcx16 -msahf -mpopcnt -msse3 -mssse3 -msse4.1 -msse4.2 -mavx -mavx2 -mbmi -mbmi2 -mf16c"
V3 = [*V3.split(), "-mfma", "-mlzcnt", "-mmovbe", "-mxsave"]
V4 = [*V3, "-mavx512f", "-mavx512bw", "-mavx512cd", "-mavx512dq", "-mavx512vl"]
WIDE = "-mprefer-vector-width=512"

# Flags of each tier by the kind of compiler, from the plainest tier to the widest: the first of
# these lists that the compiler takes. What is wider than a tier is switched off.
TIERS = {
    "baseline": {"unix": [["-march=x86-64", "-mno-sse3"], []], "msvc": [[]]},
    "x86_64_v3": {
        "unix": [
            ["-march=x86-64-v3", *V3, "-mno-avx512f"],
            ["-march=x86-64", *V3, "-mno-avx512f"],
        ],
        "msvc": [["/arch:AVX2"]],
    },
    "x86_64_v4": {
        "unix": [["-march=x86-64-v4", *V4, WIDE], ["-march=x86-64", *V4, WIDE]],
        "msvc": [["/arch:AVX512"]],
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

# Before those, against options of the user's; each one if the compiler takes it.
UNDO = [
    "-fno-fast-math",
    "-fno-unsafe-math-optimizations",
    "-fno-finite-math-only",
    "-fhonor-nans",
    "-fhonor-infinities",
    "-fsigned-zeros",
    "-fno-associative-math",
    "-fno-reciprocal-math",
    "-fno-approx-func",
    "-fno-rounding-math",
    "-fno-single-precision-constant",
    "-fexcess-precision=standard",
    "-ffp-exception-behavior=ignore",
    "-fdenormal-fp-math=ieee",
    "-mfpmath=sse",
    "-mieee-fp",
]
# The same for the linker: some options add start-up code that switches on flush-to-zero.
UNDO_LINKED = ["-O3", "-fno-fast-math", "-fno-unsafe-math-optimizations", "-mno-daz-ftz"]
# Makes clang reject what it would only warn of, and ignore.
STRICT = ["-Werror=ignored-optimization-argument", "-Werror=unused-command-line-argument"]

KERNELS = "pyx/kernels.c"
FACTS = "pyx/facts.c"
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

# A program that a compiler for x86-64, and no other, accepts; and one that every compiler accepts.
X86_64 = "#if !defined(__x86_64__) && !defined(_M_X64)\n#error not x86-64\n#endif\nint probe;\n"
PLAIN = "int probe;\n"

# Loads the facts in a process of its own, which says what is wrong.
UNLOADABLE = "cannot be loaded"
LOAD = f"""
import sys
try:
    import ctypes
    broken_fact = ctypes.CDLL(sys.argv[1]).cyma_broken_fact
except (ImportError, OSError) as error:
    sys.exit(f"{UNLOADABLE}: {{error}}")
broken_fact.restype = ctypes.c_char_p
sys.exit((broken_fact() or b"").decode() or 0)
"""

# Where users put options; and options of which the next word is a part.
VARIABLES = ("CFLAGS", "CPPFLAGS", "LDFLAGS", "CC", "LDSHARED")
PAIRS = ("-Xclang", "-Xlinker", "-Xassembler", "-Xpreprocessor", "-mllvm", "--param")
PAIRS += ("-include", "-isystem", "-isysroot", "-arch")


def first_accepted(variants, accepts):
    """The first list of flags that a compiler takes, or None."""
    return next((flags for flags in variants if accepts(flags)), None)


def first_error(output):
    """The line of a compiler's output that tells what is wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in lines if "error:" in line), lines[0] if lines else "it failed")


def options(text):
    """The options in the value of an environment variable, and the command before them."""
    words = shlex.split(text)
    count = next((i for i, word in enumerate(words) if word.startswith(("-", "@"))), len(words))
    command, words, found = words[:count], words[count:], []
    while words:
        word = words.pop(0)
        found.append([word, words.pop(0)] if word in PAIRS and words else [word])
    return command, found


def customized(values):
    """The commands that setuptools makes of these values of the variables, and no others."""
    before = dict(os.environ)
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(values)
    try:
        compiler = new_compiler()
        customize_compiler(compiler)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return Commands(compiler)


def find_culprit(trial):
    """The options of the user's with which, alone, a fact is broken; None if it always is."""

    def is_broken(values):
        return customized(values).broken_fact(*trial) is not None

    values = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    alone = {"CC": shlex.join(options(values["CC"])[0])} if "CC" in values else {}
    if is_broken(alone):
        return None
    guilty = []
    for name, value in values.items():
        command, found = options(value)
        command += ["-shared"] if name == "LDSHARED" else []
        for option in found:
            if is_broken({**alone, name: shlex.join([*command, *option])}):
                guilty.append(f"{' '.join(option)} in {name}")
    return " and ".join(guilty or [f"{name}={value!r}" for name, value in values.items()])


class Commands:
    """How the compiler and the linker are called; methods return what went wrong, or None."""

    def __init__(self, compiler):
        self.compiler = list(compiler.compiler_so)
        self.linker = list(compiler.linker_so)

    def run(self, command):
        """Run a command quietly."""
        try:
            process = subprocess.run(
                command, capture_output=True, text=True, errors="replace", check=False
            )
        except OSError as error:
            return f"{command[0]!r} cannot be run: {error.strerror}"
        return first_error(process.stderr + process.stdout) if process.returncode else None

    def compile(self, text, flags):
        """Compile a program."""
        with tempfile.TemporaryDirectory() as folder:
            probe = pathlib.Path(folder, "probe.c")
            probe.write_text(text)
            return self.run([*self.compiler, "-c", str(probe), "-o", f"{probe}.o", *flags])

    def link(self, flags):
        """Link a program, as a shared library."""
        with tempfile.TemporaryDirectory() as folder:
            probe = pathlib.Path(folder, "probe.c")
            probe.write_text(PLAIN)
            compiled = self.run([*self.compiler, "-c", str(probe), "-o", f"{probe}.o"])
            return compiled or self.run([*self.linker, f"{probe}.o", "-o", f"{probe}.so", *flags])

    def undo(self):
        """Those of our flags against options of the user's that are taken."""
        strict = [] if self.compile(PLAIN, STRICT) else STRICT
        compiled = [flag for flag in UNDO if not self.compile(PLAIN, [*strict, flag])]
        return compiled, [flag for flag in UNDO_LINKED if not self.link([*strict, flag])]

    def broken_fact(self, tier, compile_flags, link_flags):
        """Build the facts for a tier, and look at them if this machine can run them."""
        digits = numpy.finfo(numpy.longdouble).nmant + 1
        macros = [f"-DCYMA_FACTS_{tier}", f"-DCYMA_LONG_DOUBLE_DIGITS={digits}"]
        # A sanitizer's library would have to be loaded first.
        plain = [flag for flag in ["-fno-sanitize=all"] if not self.compile(PLAIN, [flag])]
        with tempfile.TemporaryDirectory() as folder:
            library = os.path.join(folder, "facts.so")
            command = [*self.compiler, "-c", FACTS, "-o", f"{library}.o", "-Iinclude/cyma"]
            broken = self.run([*command, *compile_flags, *macros, *plain]) or self.run(
                [*self.linker, f"{library}.o", "-o", library, *link_flags, *plain]
            )
            if broken:
                return broken
            command = [sys.executable, "-I", "-S", "-c", LOAD, library]
            process = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, errors="replace", check=False
            )
        if process.returncode in (0, -getattr(signal, "SIGILL", 0)):  # the latter: not on this CPU
            return None
        return (process.stderr.strip().splitlines() or [f"exit code {process.returncode}"])[-1]


class BuildTiers(build_ext):
    """build_ext that compiles the kernels once per tier and links all of them."""

    command_name = "build_ext"  # in messages

    def build_extension(self, ext):
        """Compile the kernels of each tier that the compiler knows, then the rest, and link."""
        kind = "msvc" if self.compiler.compiler_type == "msvc" else "unix"
        built = self.get_ext_fullpath(ext.name)
        if not (self.force or newer_group(ext.sources + ext.depends, built, "newer")):
            return
        common = COMMON_FLAGS[kind]
        if kind == "unix":
            commands = Commands(self.compiler)
            self.need_compiler(commands)
            undo, link_flags = commands.undo()
            common = undo + common + self.debug_flags()
            ext.extra_link_args += link_flags
        tiers = self.choose_tiers(kind, ext)
        if kind == "unix":
            self.check_facts(commands, common, tiers, link_flags)
        for tier, flags in tiers.items():
            ext.extra_objects += self.compiler.compile(
                [KERNELS],
                output_dir=str(pathlib.Path(self.build_temp, tier)),
                macros=[("CYMA_TIER", tier)],
                include_dirs=ext.include_dirs,
                debug=self.debug,
                extra_postargs=common + flags,
            )
        ext.extra_compile_args = common + tiers["baseline"] + ext.extra_compile_args
        super().build_extension(ext)

    def need_compiler(self, commands):
        """Stop where nothing can be compiled: before any other message."""
        broken = commands.compile(PLAIN, [])
        if broken:
            command = shlex.join(commands.compiler)
            text = f"cyma needs a C compiler; not even an empty program compiles with: {command}"
            raise PlatformError(f"{text} ({broken})")

    def debug_flags(self):
        """No debug information, unless the user asks for it: Python's own flags do so."""
        asked = [
            word
            for name in VARIABLES
            for word in shlex.split(os.environ.get(name, ""))
            if word.startswith("-g")
        ]
        return [] if self.debug or asked else ["-g0"]

    def choose_tiers(self, kind, ext):
        """Flags of each tier that the compiler takes; tells the extension of those it does not."""
        if not self.takes_for_x86_64([]):
            return {"baseline": []}
        tiers, left_out = {}, ""
        for tier, variants in TIERS.items():
            flags = first_accepted(variants[kind], self.takes_for_x86_64)
            if flags is not None:
                tiers[tier] = flags
                ext.define_macros.append((f"CYMA_HAVE_{tier}", "1"))
                continue
            last = variants[kind][-1]
            rejected = [flag for flag in last if not self.takes_for_x86_64([flag])] or last
            reason = f"the compiler rejects {' '.join(rejected)}"
            self.warn(f"tier {tier} is left out: {reason}")
            left_out += f'{{"{tier}", "{reason}"}},'
        if left_out:
            ext.define_macros.append(("CYMA_LEFT_OUT_TIERS", left_out))
        return tiers

    def takes_for_x86_64(self, flags):
        """Tell whether the compiler takes flags, and compiles for x86-64."""
        if self.compiler.compiler_type != "msvc":
            return Commands(self.compiler).compile(X86_64, flags) is None
        with tempfile.TemporaryDirectory() as folder:
            probe = pathlib.Path(folder, "probe.c")
            probe.write_text(X86_64)
            try:
                self.compiler.compile([str(probe)], output_dir=folder, extra_postargs=flags)
            except CompileError:
                return False
        return True

    def check_facts(self, commands, common, tiers, link_flags):
        """Stop if the arithmetic of a tier, or what linking adds, is not what it should be."""
        for tier, flags in tiers.items():
            trial = (tier, common + flags, link_flags)
            fault = commands.broken_fact(*trial)
            if fault is None:
                continue
            culprit = find_culprit(trial)
            if culprit is None:
                culprit = f"the command {commands.compiler[0]!r} itself"
                if fault.startswith(UNLOADABLE):  # built for another machine
                    self.warn(f"the arithmetic could not be tried: the program {fault}")
                    return
            raise PlatformError(f"cyma's results would change: {fault}; at fault: {culprit}")


if __name__ == "__main__":  # tools read the flags
    setup(
        ext_modules=cythonize(
            [
                Extension(
                    "cyma._ufuncs",
                    ["pyx/_ufuncs.pyx", *C_SOURCES],
                    depends=["setup.py", KERNELS, FACTS, *HEADERS],
                    include_dirs=["include/cyma", "pyx", numpy.get_include()],
                    define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
                )
            ],
            build_dir="build",
        ),
        cmdclass={"build_ext": BuildTiers},
    )
