"""Asks a compiled SELinux policy: selinux-query.py POLICY <QUESTIONS

A question is a line "SOURCE TARGET CLASS PERMISSION"; the answer is a line: yes, no, or the booleans that it depends on.
"""
import sys

import setools

policy = setools.SELinuxPolicy(sys.argv[1])
for line in sys.stdin:
    source, target, tclass, permission = line.split()
    query = setools.TERuleQuery(policy, ruletype=["allow"], source=source, target=target, tclass=[tclass], perms=[permission])
    answers = set()
    for rule in query.results():
        try:
            answers.add(str(rule.conditional))
        except AttributeError:
            answers.add("yes")
        except setools.exception.RuleNotConditional:
            answers.add("yes")
    print("yes" if "yes" in answers else ",".join(sorted(answers)) or "no")
