"""What rules mean."""

import unittest

from facit_evidence import cel

AREAS = [{"key": "k", "national": True}]
RECORD = {
    "answer": 3.0,
    "answers": {"new_collaborations": "yes", "people": None},
    "partner": {"sector": "region", "objectives": ["a", "b"]},
    "commitments": [
        {"focusArea": "k", "focusAreas": AREAS, "goal": "", "target": 5},
        {"focusArea": "k", "focusAreas": AREAS, "goal": "nå 100 borgere", "target": None},
    ],
    "initiatives": [],
}

TRUE = r"""
true
answers.new_collaborations == 'yes'
answers['new_collaborations'] != "no"
commitments.exists(c, c.goal != '')
!commitments.all(c, c.goal != '')
commitments.exists_one(c, c.goal != '')
commitments.filter(c, c.goal != '').size() == 1
size(commitments.map(c, c.goal != '', c.goal)) == 1
commitments.map(c, c.goal).exists(g, g.contains('å'))
commitments.exists(c, c.focusAreas.exists(f, f.national && f.key == 'k'))
partner.objectives.exists(o, o == 'b') && 'a' in partner.objectives
partner.objectives == ['a', 'b'] && partner.objectives[1].startsWith('b')
commitments[0] == commitments[0] && commitments[0] != commitments[1]
commitments.filter(c, true)[1].goal.endsWith('borgere')
has(answers.people) && 'people' in answers && size(partner) == 2
!has(answers.other)
!initiatives.exists(i, i.status in ['running', 'completed'])
initiatives.all(i, i.status == 'running')
partner.sector == 'region' ? answer > 1 : false // a comment
int(answer) % 2 == 1 && string(answer) == '3' && double('1.5') < 2
answer > 2
2 < answer
answer >= 2.5
answer == 3
3 == answer
answer in [1, 3]
answer + 1.0 == 4
commitments[0].target + 1 == 6
commitments[0].target > 4.5
answers.people == null
null == answers.people
answer != null && answer > 2
!(answers.people != null && answers.people > 3)
!(answers.people > 3 && answers.people != null)
answers.people != 0
answer != '3'
true != 1 && false != 0 && [true] != [1]
!(1 in [true])
commitments.exists(c, c.target > 4)
answers.people > 3 || true
true || answers.people > 3
!(false && answers.people > 3)
1 + 2 * 3 - 4 / 2 == 5
-7 / 2 == -3 && -7 % 2 == -1 && 7 % -2 == 1
-(-9223372036854775807 - 1 + 1) == 9223372036854775807
0x1F == 31 && 1e3 == 1000.0 && .5 == 0.5
1.0 / 0.0 > 9e99
'a' < 'b' && 'Z' < 'a' && 'ab' + 'c' == "abc"
'\'' == "'" && '\\'.size() == 1 && size('😀') == 1
[1] + [2.0] == [1, 2]
[[1, 2], [3]].exists(l, l.exists(n, n == 3))
string(0.1) == '0.1' && string(true) == 'true' && string(100000000000000000000.0) == '100000000000000000000'
int(-2.9) == -2 && int('42') == 42
(true ? false : true) ? false : true
""".strip().split("\n")  # fmt: skip

FAILS = """
answers.people > 3
answer + 1 == 4
commitments[7].goal == ''
commitments[-1].goal == ''
1 / 0 == 1
commitments.all(c, c.target > 4)
-(0 - 9223372036854775807 - 1) == 1
9223372036854775807 + 1 > 0
commitments.exists_one(c, c.target > 4)
commitments.filter(c, c.target > 4).size() == 1
answers.other == ''
answers.people > 3 || false
answers.people > 3 && true
unknown == 1
1
'a' && true
!1
null > 1
'a' > 1
int('x') == 1
has(partner.sector.x)
'a' in 'abc'
""".strip().split("\n")

NO_RULES = ("", "1 +", "a.b.c(", "'a", "a = 1", "a & b", "exists(c, c)", "x.exists(1, true)", "f(1)", "1 2", "(1", "[1", "x.size(1)",
            "9223372036854775808 > 0", "'\\q' == ''", "$", "a.exists(b)", "true ?  1", "a.b(1)", "'a'.matches('a')", "x.all(a, x.all(b, x.all(c, true)))", "(" * 5000, "(" * 1000)  # fmt: skip


class Cel(unittest.TestCase):
    def test_these_rules_hold(self):
        for source in TRUE:
            self.assertIs(cel.holds(cel.parse(source), RECORD), True, source)

    def test_these_rules_are_neither_true_nor_false(self):
        for source in FAILS:
            with self.assertRaises(cel.Failed, msg=source):
                cel.holds(cel.parse(source), RECORD)

    def test_these_are_no_rules(self):
        for source in NO_RULES:
            with self.assertRaises(cel.NotARule, msg=source[:20]):
                cel.parse(source)


if __name__ == "__main__":
    unittest.main()
