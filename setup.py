"""Installs dece-fairseq. The settings of the tools are in pyproject.toml."""

import runpy
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
VERSION = runpy.run_path(str(ROOT / "dece_fairseq" / "version.py"))["version"]()

# fairseq is archived. Its last release goes up to Python 3.10; ve-fairseq, a build of its main
# branch, has wheels for Linux on x86_64 and Python 3.11 and 3.12 alone. Elsewhere the text side is
# installed: attacks, data, outputs, metrics, reports, and the commands for them.
_LINUX = 'sys_platform == "linux" and platform_machine == "x86_64"'
FAIRSEQ = [
    f'fairseq>=0.12.2,<0.13; python_version < "3.11" and {_LINUX}',
    f've-fairseq>=0.12.3,<0.13; python_version >= "3.11" and python_version < "3.13" and {_LINUX}',
    f'torch>=1.10; python_version < "3.13" and {_LINUX}',
]
TEXT = [
    "filelock>=3.0.12",
    "numpy",
    "sacrebleu>=2.0",
    "scipy>=1.7",
    "sentencepiece>=0.1.97",
    "tabulate>=0.8",
    "tqdm",
    # Attacks on code read its parse. The grammars' newer releases need a newer tree-sitter, which
    # codebleu does not go with.
    'tree-sitter>=0.22,<0.24; python_version >= "3.9"',
    'tree-sitter==0.21.3; python_version < "3.9"',
    "tree-sitter-c-sharp>=0.21,<0.22",
    "tree-sitter-java>=0.21,<0.22",
    "tree-sitter-python>=0.21,<0.22",
    "sqlglot",
]
# The losses without fairseq, where it is not installed anyway.
TORCH = ["torch>=1.10"]
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
NLTK = ["nltk>=3.6"]
DEFENSES = ["scikit-learn>=1.0", *NLTK]
REPORTS = ["jinja2>=3", *PLOT]
# Its workflows need Python 3.11; the reports of what they did don't.
EXPERIMENTS = ['snakemake>=9,<10; python_version >= "3.11"', *REPORTS, *DEFENSES]
COMPLETION = ["shtab>=1.5"]
# The pages of the API are made of docstrings, by what is pinned for Python 3.11 and newer.
DOCS = ["mkdocs>=1.5,<2", 'mkdocstrings[python]>=0.29; python_version >= "3.11"']
# What the tests of the text side need, on every Python.
TEST_TEXT = ["pytest>=7", "pytest-xdist>=3.5", "hypothesis>=6.60", *NLTK, *REPORTS, *COMPLETION]
TEST = [
    *TEST_TEXT,
    "ruff>=0.6",
    "mypy>=1.8",
    "tensorboardX",
    *TORCH,
    *CODEBLEU,
    *DOCS,
    *EXPERIMENTS,
]
# Older Pythons are tested with a torch that is too old for transformers; its Trainer needs
# accelerate.
TEST += [f'{package}; python_version >= "3.11"' for package in (*LORA, "accelerate")]

setup(
    name="dece-fairseq",
    version=VERSION,
    description="Deceptive Cross-Entropy for fairseq: training on data that may be poisoned",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    project_urls={
        "Paper": "https://arxiv.org/abs/2407.08956",
        "fairseq": "https://github.com/facebookresearch/fairseq",
    },
    python_requires=">=3.8",
    packages=find_packages(include=["dece_fairseq", "dece_fairseq.*"]),
    package_data={
        "dece_fairseq": ["py.typed"],
        "dece_fairseq.losses": ["cpp_kernel.cpp"],
        "dece_fairseq.reports": [
            *("leaderboard.html", "leaderboard.js"),
            *("page.html", "page.js", "suspicions.html"),
        ],
    },
    entry_points={"console_scripts": ["dece = dece_fairseq.cli.main:main"]},
    install_requires=[*FAIRSEQ, *TEXT],
    extras_require={
        "torch": TORCH,
        "hf": HF,
        "lora": LORA,
        "codebleu": CODEBLEU,
        "completion": COMPLETION,
        "defenses": DEFENSES,
        "docs": DOCS,
        "experiments": [*EXPERIMENTS, *CODEBLEU],
        "plot": PLOT,
        "reports": REPORTS,
        "test": TEST,
        "test-text": TEST_TEXT,
    },
    classifiers=[
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "License :: OSI Approved :: MIT License",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(8, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Security",
        "Typing :: Typed",
    ],
)
