"""Questions for word embeddings: pairs of words that stand in the same relation, by relation.

"nation is to nations as treaty is to …" asks for treaties. Every ordered couple of pairs of one
relation makes such a question. Written for this course from words that the speeches use often.
"""

from collections.abc import Mapping

RELATIONS = {
    "plural": (
        "nation nations, treaty treaties, law laws, ship ships, war wars, year years, tax taxes, "
        "worker workers, citizen citizens, bank banks, company companies, child children, "
        "duty duties, party parties, policy policies, school schools, farmer farmers, bill bills, "
        "family families, job jobs, woman women, state states, city cities, river rivers"
    ),
    "past tense": (
        "make made, give gave, take took, know knew, come came, see saw, become became, "
        "begin began, bring brought, build built, hold held, send sent, keep kept, meet met, "
        "pass passed, receive received, continue continued, provide provided, show showed"
    ),
    "country and people": (
        "france french, britain british, spain spanish, mexico mexican, china chinese, "
        "japan japanese, russia russian, germany german, america american, cuba cuban, "
        "europe european, korea korean"
    ),
    "adjective and adverb": (
        "great greatly, large largely, full fully, direct directly, equal equally, "
        "recent recently, near nearly, final finally, clear clearly, earnest earnestly, "
        "strong strongly, rapid rapidly, constant constantly, immediate immediately"
    ),
    "comparative": (
        "great greater, large larger, high higher, strong stronger, long longer, low lower, "
        "small smaller, good better, young younger, near nearer, early earlier"
    ),
    "opposite": (
        "peace war, increase decrease, more less, north south, east west, import export, "
        "imports exports, men women, income expenditures, land sea, domestic foreign"
    ),
}


def pairs(relation: str) -> list[tuple[str, str]]:
    """The pairs of words of one relation. Raises ValueError for an unknown one."""
    if relation not in RELATIONS:
        raise ValueError(f"relation must be one of {', '.join(RELATIONS)}, got {relation!r}")
    return [tuple(pair.split()) for pair in RELATIONS[relation].split(", ")]


def questions(relation: str, numbers: Mapping[str, int]) -> list[tuple[int, int, int, int]]:
    """All that can be asked of one relation: (a, b, c, d) in "a is to b as c is to d".

    Words come as their `numbers`. Pairs with a word that has none are left out, as are couples of
    pairs that share a word.
    """
    known = [pair for pair in pairs(relation) if all(word in numbers for word in pair)]
    return [
        tuple(numbers[word] for word in (*first, *second))
        for first in known
        for second in known
        if not set(first) & set(second)
    ]
