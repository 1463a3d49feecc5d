"""Terms that recognition spelt with other characters (布置冷) → the lexicon's (不制冷). Pure.

sounds      how alike two syllables are on the telephone (data/sounds.yml)
words       how usual the words of a text are (wordfreq's list)
lexicon     a hotline's terms as rows of syllables
terms       which words of a text are repaired, and how sure that is
repairing   a recogniser whose words are repaired
"""
