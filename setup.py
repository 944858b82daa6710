"""Build of the extension modules: kernels.c once per tier, everything else once.

No option of the user's may change a result. So options that could are undone by ours, which come
after them (pyx/core/build.json has all of them), and what could not be undone, as it comes from
elsewhere, is found by a trial: a small program of facts (pyx/core/facts.c), built as each tier is.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import CompileError, PlatformError
from setuptools.modified import newer_group

from distutils.ccompiler import new_compiler  # isort: skip, setuptools has it since Python 3.12
from distutils.sysconfig import customize_compiler  # isort: skip

ROOT = pathlib.Path(__file__).parent
INCLUDE = ROOT / "include" / "cyma"
CORE = ROOT / "pyx" / "core"
VERSION = re.search(r'CYMA_VERSION "(.+)"', (INCLUDE / "version.h").read_text())[1]
BUILD = json.loads((CORE / "build.json").read_text())

# What every C file is compiled with, by the kind of compiler; what undoes options of the user's.
COMMON_FLAGS = BUILD["flags"]
UNDO = BUILD["undo"]

# Flags of each tier by the kind of compiler, in the order of preference.
TIERS = {
    tier: {
        kind: [flags.format_map(BUILD["features"]).split() for flags in variants]
        for kind, variants in kinds.items()
    }
    for tier, kinds in BUILD["tiers"].items()
    if tier != "about"
}

TIER_SOURCES = [f"pyx/core/{name}" for name in BUILD["tier_sources"]]
FACTS = "pyx/core/facts.c"
HOLDER = "cyma._ufuncs"  # the module with the core in it
SOURCES = {
    HOLDER: [
        "pyx/_ufuncs.pyx",
        "pyx/capsules.c",
        "pyx/loops.c",
        "pyx/loops_numpy2.c",
        "pyx/scalar.c",
        "pyx/shared.c",
        *(f"pyx/core/{name}" for name in BUILD["sources"]),
    ],
    "cyma._functions": ["pyx/_functions.pyx", "pyx/table.c"],
    "cyma._losses": ["pyx/_losses.pyx"],
}
BUILT_FROM = sorted(
    str(path)
    for pattern in ("include/cyma/*", "pyx/*.h", "pyx/core/*", "pyx/core/avx512/*")
    for path in pathlib.Path().glob(pattern)
    if path.is_file()
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

# How files for other builds name their own folder.
HERE = {".pc": "${pcfiledir}", ".cmake": "${CMAKE_CURRENT_LIST_DIR}"}

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
        strict = [] if self.compile(PLAIN, UNDO["strict"]) else UNDO["strict"]
        compiled = [flag for flag in UNDO["compiler"] if not self.compile(PLAIN, [*strict, flag])]
        return compiled, [flag for flag in UNDO["linker"] if not self.link([*strict, flag])]

    def broken_fact(self, tier, compile_flags, link_flags):
        """Build the facts for a tier, and look at them if this machine can run them."""
        digits = numpy.finfo(numpy.longdouble).nmant + 1
        macros = [f"-DCYMA_FACTS_{tier}", f"-DCYMA_LONG_DOUBLE_DIGITS={digits}"]
        # A sanitizer's library would have to be loaded first.
        plain = [flag for flag in ["-fno-sanitize=all"] if not self.compile(PLAIN, [flag])]
        with tempfile.TemporaryDirectory() as folder:
            library = os.path.join(folder, "facts.so")
            command = [*self.compiler, "-c", FACTS, "-o", f"{library}.o", "-Iinclude"]
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

    def build_extensions(self):
        """Find out about the compiler first, if anything is to be built."""
        if any(map(self.is_due, self.extensions)):
            self.choose_flags()
            super().build_extensions()

    def is_due(self, ext):
        """Whether an extension module is older than what it is built from."""
        built = self.get_ext_fullpath(ext.name)
        return self.force or newer_group(ext.sources + ext.depends, built, "newer")

    def choose_flags(self):
        """Find the flags, and try them."""
        kind = "msvc" if self.compiler.compiler_type == "msvc" else "unix"
        self.common, self.link_flags = COMMON_FLAGS[kind], []
        if kind == "unix":
            commands = Commands(self.compiler)
            self.need_compiler(commands)
            undo, self.link_flags = commands.undo()
            self.common = undo + self.common + self.debug_flags()
        self.tiers, self.left_out = self.choose_tiers(kind)
        if kind == "unix":
            self.check_facts(commands, self.common, self.tiers, self.link_flags)

    def build_extension(self, ext):
        """Compile the kernels of each tier, where they belong, then the rest, and link."""
        if not self.is_due(ext):
            return
        if ext.name == HOLDER:
            ext.extra_objects += self.compile_tiers(ext)
            ext.define_macros += [(f"CYMA_HAVE_{tier}", "1") for tier in self.tiers]
            rows = "".join(f'{{"{tier}", "{why}"}},' for tier, why in self.left_out.items())
            ext.define_macros += [("CYMA_LEFT_OUT_TIERS", rows)] if rows else []
        ext.extra_compile_args = self.common + self.tiers["baseline"] + ext.extra_compile_args
        ext.extra_link_args = ext.extra_link_args + self.link_flags
        super().build_extension(ext)

    def compile_tiers(self, ext):
        """Compile the kernels of each tier; returns the object files."""
        objects = []
        for tier, flags in self.tiers.items():
            objects += self.compiler.compile(
                TIER_SOURCES,
                output_dir=str(pathlib.Path(self.build_temp, tier)),
                macros=[("CYMA_TIER", tier)],
                include_dirs=ext.include_dirs,
                debug=self.debug,
                extra_postargs=self.common + flags,
            )
        return objects

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

    def choose_tiers(self, kind):
        """Flags of each tier that the compiler takes, and why it does not take the others."""
        if not self.takes_for_x86_64([]):
            return {"baseline": []}, {}
        tiers, left_out = {}, {}
        for tier, variants in TIERS.items():
            flags = first_accepted(variants[kind], self.takes_for_x86_64)
            if flags is not None:
                tiers[tier] = flags
                continue
            last = variants[kind][-1]
            rejected = [flag for flag in last if not self.takes_for_x86_64([flag])] or last
            left_out[tier] = f"the compiler rejects {' '.join(rejected)}"
            self.warn(f"tier {tier} is left out: {left_out[tier]}")
        return tiers, left_out

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


def declarations():
    """The text of cython_api.pxd: what `cyma.cython_api` has, declared for Cython."""
    table = (INCLUDE / "functions.def").read_text()
    abi = re.search(r"#define CYMA_ABI_VERSION (\d+)", (INCLUDE / "api.h").read_text())[1]
    lines = [
        f"# Made by setup.py of cyma {VERSION} from include/cyma/functions.def and api.h.",
        "from libc.stdint cimport uint16_t",
        "",
        "# Modules import this class, and so they fail if cyma is older than this file.",
        "cdef extern from *:",
        f"    ctypedef class cyma.cython_api.Abi{abi} [object PyObject, check_size ignore]:",
        "        pass",
        "",
    ]
    for kind, name in re.findall(r"^CYMA_(UNARY|BINARY)\w*\((\w+),", table, re.M):
        operands = ["x"] if kind == "UNARY" else ["x", "y"]
        for suffix, c_type in (("f32", "float"), ("f64", "double")):
            numbers = ", ".join(f"{c_type} {x}" for x in operands)
            lines.append(f"cdef {c_type} {name}_{suffix}({numbers}) noexcept nogil")
        for suffix, c_type in (("f16", "uint16_t"), ("f32", "float"), ("f64", "double")):
            arrays = ", ".join(f"const {c_type} *{x}" for x in operands)
            arrays += f", {c_type} *out, Py_ssize_t n"
            lines.append(f"cdef void {name}_{suffix}_array({arrays}) noexcept nogil")
    for suffix, c_type in (("f32", "float"), ("f64", "double")):
        operands = ", ".join(f"const {c_type} *{x}" for x in ("logits", "targets", "weight"))
        name = f"cdef double bce_with_logits_{suffix}_sum"
        lines += [
            f"{name}(",
            f"    {operands}, double pos_weight, Py_ssize_t n",
            ") noexcept nogil",
            f"{name}_and_grad(",
            f"    {operands}, double pos_weight,",
            f"    double scale, {c_type} *grad, Py_ssize_t n",
            ") noexcept nogil",
        ]
    lines += [
        "cdef const char *tier() noexcept nogil",
        "cdef int set_tier(const char *name) noexcept nogil",
        "cdef int abi_version() noexcept nogil",
        "cdef const char *version() noexcept nogil",
    ]
    return "\n".join(lines) + "\n"


class BuildPackage(build_py):
    """build_py that adds what other builds need: headers, and what tells where they are."""

    def run(self):
        """Add to the Python files. In place (``pip install -e``), the headers are there already."""
        super().run()
        package = pathlib.Path(ROOT / "python" if self.editable_mode else self.build_lib, "cyma")
        include = INCLUDE.parent.resolve().as_posix()
        if not self.editable_mode:
            shutil.copytree(INCLUDE, package / "include" / "cyma", dirs_exist_ok=True)
        (package / "cython_api.pxd").write_text(declarations())
        for template in sorted((ROOT / "cmake" / "wheel").rglob("cyma*.*")):
            path = package / "share" / template.relative_to(ROOT / "cmake" / "wheel")
            if not self.editable_mode:
                up = "/.." * (len(path.relative_to(package).parts) - 1)
                include = f"{HERE[path.suffix]}{up}/include"
            text = template.read_text().replace("@include@", include)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("@version@", VERSION))


def extension(name):
    """An extension module of cyma."""
    return Extension(
        name,
        SOURCES[name],
        depends=["setup.py", *BUILT_FROM],
        include_dirs=["include", "pyx", "pyx/core", numpy.get_include()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"), ("CYMA_STATIC", "1")],
    )


if __name__ == "__main__":  # tools read the flags
    setup(
        version=VERSION,
        ext_modules=cythonize(list(map(extension, SOURCES)), build_dir="build"),
        cmdclass={"build_ext": BuildTiers, "build_py": BuildPackage},
    )
