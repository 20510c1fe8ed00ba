"""Installs dece-fairseq. The settings of the tools are in pyproject.toml."""

import runpy
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
VERSION = runpy.run_path(str(ROOT / "dece_fairseq" / "version.py"))["__version__"]

PLOT = ["matplotlib>=3.5"]
# Its parts are called one by one, so that samples can be counted; they are not its published face.
# Beside it the grammars of the languages that only it knows, no newer than its tree-sitter reads.
CODEBLEU = [
    'codebleu>=0.7.0,<0.8; python_version >= "3.9"',
    "tree-sitter-c<0.22",
    "tree-sitter-cpp<0.23",
    "tree-sitter-go<0.22",
    "tree-sitter-javascript<0.22",
    "tree-sitter-php<0.23",
    "tree-sitter-ruby<0.22",
    "tree-sitter-rust<0.22",
]
# torchaudio, which fairseq needs, breaks transformers 5 beside a CPU's torch.
HF = ["transformers>=4.46,<5"]
LORA = [*HF, "peft>=0.13"]
DEFENSES = ["scikit-learn>=1.0", "nltk>=3.6"]
REPORTS = ["jinja2>=3", *PLOT]
# Its workflows need Python 3.11; the reports of what they did don't.
EXPERIMENTS = ['snakemake>=9,<10; python_version >= "3.11"', *REPORTS, *DEFENSES]
DOCS = ["mkdocs>=1.5,<2"]
TEST = [
    "pytest>=7",
    "hypothesis>=6.60",
    "ruff>=0.6",
    "mypy>=1.8",
    "tensorboardX",
    *CODEBLEU,
    *DOCS,
    *EXPERIMENTS,
]
# Older Pythons are tested with a torch that is too old for transformers.
TEST += [f'{package}; python_version >= "3.11"' for package in LORA]

setup(
    name="dece-fairseq",
    version=VERSION,
    description="Deceptive Cross-Entropy for fairseq: training on data that may be poisoned",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.8,<3.13",
    packages=find_packages(include=["dece_fairseq", "dece_fairseq.*"]),
    package_data={
        "dece_fairseq.losses": ["cpp_kernel.cpp"],
        "dece_fairseq.reports": ["page.html", "page.js"],
    },
    install_requires=[
        # The same module from two distributions: the release stops at Python 3.10.
        'fairseq>=0.12.2,<0.13; python_version < "3.11"',
        've-fairseq>=0.12.3,<0.13; python_version >= "3.11"',
        "torch>=1.10",
        "numpy",
        "sacrebleu>=2.0",
        "scipy>=1.7",
        "sentencepiece>=0.1.97",
        "tqdm",
        # Attacks on code read its parse. The grammars' newer releases need a newer tree-sitter,
        # which codebleu does not go with.
        "tree-sitter>=0.22,<0.24",
        "tree-sitter-c-sharp>=0.21,<0.22",
        "tree-sitter-java>=0.21,<0.22",
        "tree-sitter-python>=0.21,<0.22",
        "sqlglot",
    ],
    extras_require={
        "hf": HF,
        "lora": LORA,
        "codebleu": CODEBLEU,
        "defenses": DEFENSES,
        "docs": DOCS,
        "experiments": [*EXPERIMENTS, *CODEBLEU],
        "plot": PLOT,
        "test": TEST,
    },
    classifiers=[
        "License :: OSI Approved :: MIT License",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Security",
    ],
)
