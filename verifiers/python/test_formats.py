"""The building blocks against the vectors of their specifications."""

import base64
import json
import struct
import unittest
from pathlib import Path

import sample_bundle
from facit_evidence import canonical, ed25519, notes, tree

MERKLE = Path(__file__).parents[2] / "tests" / "vectors" / "merkle.json"


class Ed25519(unittest.TestCase):
    # RFC 8032 §7.1: secret key, public key, message, signature.
    VECTORS = (
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
        ("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
         "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
         "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
         "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
    )  # fmt: skip

    def test_the_vectors_of_the_rfc_hold(self):
        for _, public, message, signature in self.VECTORS:
            given = [bytes.fromhex(part) for part in (public, message, signature)]
            self.assertTrue(ed25519.verify(*given))

    def test_what_signs_in_these_tests_makes_the_vectors_of_the_rfc(self):
        for secret, public, message, signature in self.VECTORS:
            secret = bytes.fromhex(secret)
            self.assertEqual(sample_bundle.public(secret).hex(), public)
            self.assertEqual(sample_bundle.sign(secret, bytes.fromhex(message)).hex(), signature)

    def test_one_bit_more_or_less_is_another_signature(self):
        _, public, message, signature = [bytes.fromhex(part) for part in self.VECTORS[2]]
        for place in (0, 31, 32, 63):
            changed = bytearray(signature)
            changed[place] ^= 1
            self.assertFalse(ed25519.verify(public, message, bytes(changed)))
        self.assertFalse(ed25519.verify(public, message + b"x", signature))
        self.assertFalse(ed25519.verify(public, message, signature[:-1]))

    def test_a_scalar_beyond_the_order_is_refused(self):
        _, public, message, signature = [bytes.fromhex(part) for part in self.VECTORS[1]]
        larger = int.from_bytes(signature[32:], "little") + ed25519.L
        self.assertFalse(ed25519.verify(public, message, signature[:32] + larger.to_bytes(32, "little")))


class Notes(unittest.TestCase):
    # The example of c2sp.org/signed-note.
    KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    NOTE = (
        "This is an example message.\n\n"
        "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    # The example of golang.org/x/mod/sumdb/note.
    PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    SAYS = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )

    def judge(self, note, *known):
        return notes.judge(notes.note(note.encode()), [notes.key(key) for key in known])

    def test_the_examples_of_the_specification_are_signed(self):
        self.assertIsNone(self.judge(self.NOTE, self.KEY))
        self.assertIsNone(self.judge(self.SAYS, self.PETER))

    def test_other_keys_say_nothing_and_a_wrong_signature_says_no(self):
        self.assertEqual(self.judge(self.NOTE, self.PETER), "unknown-key")
        self.assertEqual(self.judge(self.NOTE.replace("example m", "exemple m"), self.KEY), "bad-signature")
        both = self.NOTE + self.SAYS.rpartition("\n\n")[2]
        self.assertIsNone(self.judge(both, self.KEY))
        self.assertEqual(self.judge(both, self.KEY, self.PETER), "bad-signature")

    def test_what_is_no_note_is_refused(self):
        for text in ("", "text\n", "text\n\n", "text\n\n- a AAAAAAA=\n", "text\n\n— a !!!!\n", self.NOTE[:-1], "\x01" + self.NOTE):
            with self.assertRaises(ValueError, msg=repr(text)):
                notes.note(text.encode())

    def test_a_key_whose_id_is_anothers_is_refused(self):
        for line in (self.KEY.replace("530d", "530e"), self.KEY.replace("+A", "+B"), "a+b", ""):
            with self.assertRaises(ValueError, msg=line):
                notes.key(line)

    def test_a_checkpoint_has_an_origin_a_size_and_a_root(self):
        root = base64.b64encode(bytes(32)).decode()
        self.assertEqual(notes.checkpoint(f"a/b\n7\n{root}\n"), ("a/b", 7, bytes(32)))
        for text in (f"a/b\n07\n{root}\n", f"a/b\n-1\n{root}\n", "a/b\n7\nAAAA\n", "a/b\n7\n", f"\n7\n{root}\n"):
            with self.assertRaises(ValueError, msg=text):
                notes.checkpoint(text)


class Tree(unittest.TestCase):
    # The leaves and roots that certificate-transparency's own tests use for RFC 6962.
    LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
    ROOTS = (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )

    def test_the_roots_of_the_known_tree_come_out(self):
        leaves = [tree.leaf_hash(bytes.fromhex(leaf)) for leaf in self.LEAVES]
        self.assertEqual(tree.root([]).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        for size, root in enumerate(self.ROOTS, 1):
            self.assertEqual(tree.root(leaves[:size]).hex(), root)

    def test_each_leaf_of_each_tree_has_a_proof(self):
        leaves = [tree.leaf_hash(bytes([n])) for n in range(20)]
        for size in range(1, 20):
            root = tree.root(leaves[:size])
            for index in range(size):
                path = sample_bundle._path(index, leaves[:size])
                self.assertTrue(tree.is_included(leaves[index], index, size, path, root))
                self.assertFalse(tree.is_included(leaves[index], index, size, path + [root], root))
                self.assertFalse(tree.is_included(leaves[index + 1], index, size, path, root))

    @unittest.skipUnless(MERKLE.exists(), "the vectors of transparency-dev/merkle stand with the service's tests")
    def test_the_vectors_of_transparency_dev_hold(self):
        for index, size, leaf, root, path, is_right, name in json.loads(MERKLE.read_text())["inclusion"]:
            leaf, root, *path = [base64.b64decode(part) for part in (leaf, root, *path)]
            is_whole = all(len(part) == 32 for part in (leaf, root, *path))  # others do not pass `tree.proof`
            self.assertEqual(is_whole and tree.is_included(leaf, index, size, path, root), is_right, name)

    def test_a_proof_file_is_read(self):
        item = base64.b64encode(bytes(32)).decode()
        for extra in ("", "extra AAAA\n"):
            data = f"c2sp.org/tlog-proof@v1\n{extra}index 5\n{item}\n\nnote\n".encode()
            self.assertEqual(tree.proof(data), (5, [bytes(32)], b"note\n"))
        for data in (b"", b"c2sp.org/tlog-proof@v1\n\nx", b"c2sp.org/tlog-proof@v1\nindex 05\n\nx", b"\xff\n\n"):
            with self.assertRaises(ValueError):
                tree.proof(data)


class Canonical(unittest.TestCase):
    def test_the_numbers_of_the_rfc_come_out(self):
        """RFC 8785, appendix B."""
        for bits, text in (
            ("0000000000000000", "0"), ("8000000000000000", "0"), ("0000000000000001", "5e-324"),
            ("8000000000000001", "-5e-324"), ("7fefffffffffffff", "1.7976931348623157e+308"),
            ("ffefffffffffffff", "-1.7976931348623157e+308"), ("4340000000000000", "9007199254740992"),
            ("c340000000000000", "-9007199254740992"), ("4430000000000000", "295147905179352830000"),
            ("44b52d02c7e14af5", "9.999999999999997e+22"), ("44b52d02c7e14af6", "1e+23"),
            ("44b52d02c7e14af7", "1.0000000000000001e+23"), ("444b1ae4d6e2ef4e", "999999999999999700000"),
            ("444b1ae4d6e2ef4f", "999999999999999900000"), ("444b1ae4d6e2ef50", "1e+21"),
            ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"), ("3eb0c6f7a0b5ed8d", "0.000001"),
            ("41b3de4355555553", "333333333.3333332"), ("41b3de4355555554", "333333333.33333325"),
            ("41b3de4355555555", "333333333.3333333"), ("41b3de4355555556", "333333333.3333334"),
            ("41b3de4355555557", "333333333.33333343"), ("becbf647612f3696", "-0.0000033333333333333333"),
            ("43143ff3c1cb0959", "1424953923781206.2"),
        ):  # fmt: skip
            self.assertEqual(canonical.number(struct.unpack(">d", bytes.fromhex(bits))[0]), text)
        for bits in ("7fffffffffffffff", "7ff0000000000000"):
            with self.assertRaises(ValueError):
                canonical.number(struct.unpack(">d", bytes.fromhex(bits))[0])

    def test_the_example_of_the_rfc_comes_out(self):
        """RFC 8785 §3.2.2 to §3.2.4."""
        given = (
            r'{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],'
            r'"string": "\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}'
        ).replace(r"\'", "'")
        expected = (
            r'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            r'"string":"€$\u000f\nA' + "'" + r'B\"\\\\\"/"}'
        )
        self.assertEqual(canonical.write(canonical.read(given)).decode(), expected)

    def test_keys_are_sorted_by_utf_16(self):
        """RFC 8785 §3.2.3."""
        given = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
        keys = list(json.loads(canonical.write(given)))
        self.assertEqual(keys, ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"])

    def test_what_is_no_json_is_refused(self):
        for text in ("", "{", '{"a":1,"a":2}', "NaN", '"\\ud800"', "[" * 100_000, "1" * 5000, "'a'"):
            with self.assertRaises(ValueError, msg=text[:20]):
                canonical.write(canonical.read(text))

    def test_only_canonical_bytes_are_canonical(self):
        for data, is_it in ((b'{"a":1}', True), (b'{"a": 1}', False), (b'{"b":1,"a":2}', False), (b'{"a":1.0}', False)):
            self.assertEqual(canonical.is_canonical(data, canonical.read(data)), is_it)


if __name__ == "__main__":
    unittest.main()
