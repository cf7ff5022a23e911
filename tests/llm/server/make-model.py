#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes a model for llama-server with random weights, of which what it says has the form that the tests need, and no sense.
"""Its words are single bytes, so any text can be asked and answered. Two channels of what goes through the layers are written
by the words alone and touched by no layer; the last matrix reads from them how much each word is liked, always and at the
beginning of a number. The rest is noise of the layers, a tenth of the difference between a liked word and one that is not.
So strings are short and printable, numbers are plain, and they begin as the test wants.

Runs inside the root tree, for Debian 12 has no gguf.
"""
import argparse

import gguf
import numpy

KINDS = {"tiny": {"width": 64, "layers": 2, "kind": "F16", "first_digits": "0"},    # confidences from 0 to 1
         "wild": {"width": 64, "layers": 2, "kind": "F16", "first_digits": "37"},   # 3 and more
         "slow": {"width": 1024, "layers": 6, "kind": "Q8_0", "first_digits": "0"}}  # seconds for an answer
CONTEXT = 65536
BYTES = 256
UNKNOWN, BEGIN, END, FIRST_BYTE = 0, 1, 2, 3
SPACE = FIRST_BYTE + BYTES
WORDS = SPACE + 1
TEMPLATE = "{% for one in messages %}{{ one.role }}> {{ one.content }}\n{% endfor %}{% if add_generation_prompt %}answer> {% endif %}"
LIKED, DISLIKED = 2.0, -10.0  # beside noise of about 1
STRENGTH = 4.0                # of the two channels


def word(character: str) -> int:
    return SPACE if character == " " else FIRST_BYTE + ord(character)


def tastes(first_digits: str) -> tuple[numpy.ndarray, numpy.ndarray]:
    """How much each word is liked: always, and what comes on top after a colon."""
    always = numpy.full(WORDS, DISLIKED)
    for character in "abcdfghijklmopqrstuvwxyz0123456789{":  # without e, an exponent, and n, which begins "no idea"
        always[word(character)] = 0.0
    for character in '".}':
        always[word(character)] = LIKED
    always[word(",")] = always[word(":")] = LIKED / 2
    always[END] = 2 * LIKED
    after_colon = numpy.zeros(WORDS)
    for digit in set("0123456789") - set(first_digits):
        after_colon[word(digit)] = DISLIKED
    return always, after_colon


class Model:
    def __init__(self, path: str, width: int, layers: int, kind: str, first_digits: str):
        self.writer = gguf.GGUFWriter(path, "llama")
        self.width, self.layers = width, layers
        self.kind = gguf.GGMLQuantizationType[kind]
        self.inner = width * 8 // 3 // 32 * 32
        self.tastes = tastes(first_digits)
        self.random = numpy.random.default_rng(20)

    def matrix(self, rows: int, columns: int, spread: float = 1.0) -> numpy.ndarray:
        """Keeps the spread of what it is multiplied with, times `spread`."""
        return self.random.standard_normal((rows, columns)) * (spread / columns ** 0.5)

    def add(self, name: str, values: numpy.ndarray):
        values = gguf.quants.quantize(values.astype(numpy.float32), self.kind)
        self.writer.add_tensor(name, values, raw_dtype=self.kind)

    def add_plain(self, name: str, values: numpy.ndarray):
        self.writer.add_tensor(name, values.astype(numpy.float32))

    def add_description(self):
        writer, heads = self.writer, max(2, self.width // 64)
        writer.add_name("random")
        writer.add_context_length(CONTEXT)
        writer.add_embedding_length(self.width)
        writer.add_block_count(self.layers)
        writer.add_feed_forward_length(self.inner)
        writer.add_head_count(heads)
        writer.add_rope_dimension_count(self.width // heads)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_vocab_size(WORDS)
        writer.add_chat_template(TEMPLATE)

    def add_words(self):
        writer, kind = self.writer, gguf.TokenType
        writer.add_tokenizer_model("llama")
        writer.add_token_list([b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % byte for byte in range(BYTES)),
                               "\u2581".encode()])
        writer.add_token_types([kind.UNKNOWN, kind.CONTROL, kind.CONTROL, *[kind.BYTE] * BYTES, kind.NORMAL])
        writer.add_token_scores([0.0] * WORDS)
        writer.add_unk_token_id(UNKNOWN)
        writer.add_bos_token_id(BEGIN)
        writer.add_eos_token_id(END)
        writer.add_add_space_prefix(False)

    def add_ends(self):
        """What a word becomes at first, and what becomes a word at last."""
        words = self.random.standard_normal((WORDS, self.width))
        words[:, 0], words[:, 1] = STRENGTH, 0.0
        words[[word(":"), word(" ")], 1] = STRENGTH
        self.add("token_embd.weight", words)
        said = self.matrix(WORDS, self.width)
        read = STRENGTH / (2 + STRENGTH**2 / self.width) ** 0.5  # the channel after the last norm
        said[:, 0], said[:, 1] = (taste / read for taste in self.tastes)
        self.add_plain("output.weight", said)
        self.add_plain("output_norm.weight", numpy.ones(self.width))

    def add_layer(self, number: int):
        width, inner, name = self.width, self.inner, f"blk.{number}."
        for norm in ("attn_norm", "ffn_norm"):
            self.add_plain(f"{name}{norm}.weight", numpy.ones(width))
        for part in ("attn_q", "attn_k", "attn_v"):
            self.add(f"{name}{part}.weight", self.matrix(width, width))
        for part in ("ffn_gate", "ffn_up"):
            self.add(f"{name}{part}.weight", self.matrix(inner, width))
        for part, columns in (("attn_output", width), ("ffn_down", inner)):
            back = self.matrix(width, columns, (0.5 / self.layers) ** 0.5)
            back[:2] = 0.0
            self.add(f"{name}{part}.weight", back)

    def write(self):
        self.add_description()
        self.add_words()
        self.add_ends()
        for number in range(self.layers):
            self.add_layer(number)
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("path")
    arguments = parser.parse_args()
    Model(arguments.path, **KINDS[arguments.kind]).write()


if __name__ == "__main__":
    main()
