"""What dialogue designers work with: checking, training, trying, testing, publishing and drawing the dialogue.

finding.py     what is wrong, where, how badly
located.py     YAML that remembers its lines
content.py     dialogue/ and data/ as they are written: forms, rules, stories, words, examples
code.py        the names that the actions' Python knows
*_check.py     what can be wrong with forms, rules, words, examples, data
check.py       all of them
coverage.py    which rules and stories a run of conversations went through
versions.py    what was published: var/published/<n>
flow.py        the dialogue as a picture
"""
