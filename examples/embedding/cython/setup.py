"""Builds scoring.pyx against the installed cyma: python setup.py build_ext --inplace."""

from Cython.Build import cythonize
from setuptools import Extension, setup

openmp = ["-fopenmp"]  # for prange; MSVC: /openmp
setup(
    name="scoring",
    ext_modules=cythonize(
        [Extension("scoring", ["scoring.pyx"], extra_compile_args=openmp, extra_link_args=openmp)]
    ),
)
