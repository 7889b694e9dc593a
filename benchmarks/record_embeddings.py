"""Record skip-gram and CBOW embeddings of the words of the State of the Union speeches.

    python benchmarks/record_embeddings.py          # about six minutes on two idle cores

writes

- benchmarks/results/embeddings.safetensors: skip-gram's "embedding" (words, d_embedding) from
  seed 0 in half precision; the file's metadata holds the "words", the commonest first, with
  spaces between them;
- benchmarks/results/embeddings.json: how both models answer the questions of
  course_lib/data/analogies.py, as lists [seed][relation] of shares answered rightly, beside two
  answers that leave out a part of the question; and the mean loss [seed][epoch].
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import torch
from recording import RESULTS, read_options, write_record
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import normalize
from tqdm import tqdm

from course_lib.data.analogies import RELATIONS, questions
from course_lib.data.corpora import state_of_the_union
from course_lib.data.words import Vocabulary, words
from course_lib.nn.embeddings import CBOW, SkipGram, analogy, nearest
from course_lib.nn.negative_sampling import draw_negatives, negative_sampling_loss
from course_lib.nn.skip_gram_pairs import cbow_pairs, skip_gram_pairs

MIN_COUNT, D_EMBEDDING, WINDOW, N_NEGATIVES, SUBSAMPLING = 40, 96, 4, 5, 1e-4
MODELS = {"skip_gram": SkipGram, "cbow": CBOW}
N_EPOCHS = {"skip_gram": 5, "cbow": 15}  # CBOW has one example a word, skip-gram eight
BATCH_SIZE, LEARNING_RATE = 4096, {"skip_gram": 0.015, "cbow": 0.02}


def main() -> None:
    """Train both models from every seed and write the record."""
    options = read_options(__doc__, seeds=3, jobs=2)
    seeds = list(range(options.seeds))
    vocabulary, texts = vocabulary_and_texts()
    results = {
        "n_words": len(vocabulary),
        "n_tokens": sum(len(text) for text in texts),
        "min_count": MIN_COUNT,
        "d_embedding": D_EMBEDDING,
        "window": WINDOW,
        "n_negatives": N_NEGATIVES,
        "n_epochs": N_EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "n_questions": {
            relation: len(questions(relation, vocabulary.numbers)) for relation in RELATIONS
        },
    }
    runs = [(name, seed) for name in MODELS for seed in seeds]
    with ProcessPoolExecutor(options.jobs) as pool:
        reached = list(pool.map(outcome, *zip(*runs, strict=True)))
    for name in MODELS:
        of_name = [r for (other, _), r in zip(runs, reached, strict=True) if other == name]
        results[name] = {key: [run[key] for run in of_name] for key in of_name[0]}
    write_record("embeddings", "word embeddings of the speeches, asked analogies", seeds, results)


def vocabulary_and_texts() -> tuple[Vocabulary, list[Tensor]]:
    """The words that the speeches use often enough, and the speeches as their numbers."""
    texts = [words(speech.text) for speech in state_of_the_union()]
    vocabulary = Vocabulary.of((word for text in texts for word in text), MIN_COUNT)
    return vocabulary, [vocabulary.ids(text) for text in texts]


def outcome(name: str, seed: int) -> dict[str, list[float]]:
    """Loss by epoch, and shares answered rightly by relation, from one seed."""
    torch.set_num_threads(1)
    vocabulary, texts = vocabulary_and_texts()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MODELS[name](len(vocabulary), D_EMBEDDING)
    losses = train(model, name, texts, vocabulary, torch.Generator().manual_seed(seed))
    embedding = model.embedding.weight.detach()
    if name == "skip_gram" and seed == 0:
        save(embedding, vocabulary)
    shares = {answer: shares_right(embedding, vocabulary, answer) for answer in ANSWERS}
    return {"loss": losses, **shares}


def train(
    model: SkipGram | CBOW,
    name: str,
    texts: list[Tensor],
    vocabulary: Vocabulary,
    generator: torch.Generator,
) -> list[float]:
    """Learn from all texts, with a learning rate that falls to zero; the mean loss by epoch."""
    counts = torch.tensor(vocabulary.counts)
    optimizer = torch.optim.Adam(model.parameters())
    losses = []
    for epoch in range(N_EPOCHS[name]):
        inputs, targets = examples(model, [thinned(t, counts, generator) for t in texts])
        order = torch.randperm(len(targets), generator=generator).split(BATCH_SIZE)
        total = 0.0
        for step, batch in enumerate(tqdm(order, desc=f"{name} {epoch + 1}", mininterval=10)):
            progress = (epoch + step / len(order)) / N_EPOCHS[name]
            optimizer.param_groups[0]["lr"] = LEARNING_RATE[name] * (1 - progress)
            negatives = draw_negatives(counts, len(batch), N_NEGATIVES, generator)
            hidden = model.hidden(inputs[batch])
            loss = negative_sampling_loss(hidden, model.output.weight, targets[batch], negatives)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(order))
    return losses


def thinned(token_ids: Tensor, counts: Tensor, generator: torch.Generator) -> Tensor:
    """The text without most of its commonest words: one of share f stays with √(t / f).

    Source: Mikolov et al. (2013b), section 2.3.
    """
    share = counts[token_ids] / counts.sum()
    stays = (SUBSAMPLING / share).sqrt()
    return token_ids[torch.rand(len(token_ids), generator=generator) < stays]


def examples(model: SkipGram | CBOW, texts: list[Tensor]) -> tuple[Tensor, Tensor]:
    """What the model is given, and the word that it is to tell from others."""
    if isinstance(model, SkipGram):
        return torch.cat([skip_gram_pairs(text, WINDOW) for text in texts]).unbind(dim=1)
    contexts, centres = zip(*(cbow_pairs(text, WINDOW) for text in texts), strict=True)
    return torch.cat(contexts), torch.cat(centres)


def nearest_to_c(embedding: Tensor, a: int, b: int, c: int) -> int:
    """The answer that leaves out a and b: the neighbour of c, without these two."""
    return next(word for word in nearest(embedding, c, 3).tolist() if word not in (a, b))


def without_a(embedding: Tensor, a: int, b: int, c: int) -> int:
    """The answer that leaves out a: the word nearest to b + c, without the three."""
    unit = normalize(embedding, dim=1)
    similarity = unit @ (unit[b] + unit[c])
    similarity[[a, b, c]] = -torch.inf
    return similarity.argmax().item()


ANSWERS: dict[str, Callable[[Tensor, int, int, int], int]] = {
    "analogy": lambda embedding, a, b, c: analogy(embedding, a, b, c, 1).item(),
    "without_a": without_a,
    "nearest_to_c": nearest_to_c,
}


def shares_right(embedding: Tensor, vocabulary: Vocabulary, answer: str) -> list[float]:
    """The share of each relation's questions that one kind of answer gets right."""
    shares = []
    for relation in RELATIONS:
        asked = questions(relation, vocabulary.numbers)
        right = sum(ANSWERS[answer](embedding, a, b, c) == d for a, b, c, d in asked)
        shares.append(right / len(asked))
    return shares


def save(embedding: Tensor, vocabulary: Vocabulary) -> None:
    """Write the vectors in half precision, with their words."""
    path = RESULTS / "embeddings.safetensors"
    save_file({"embedding": embedding.half()}, path, {"words": " ".join(vocabulary.words)})
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
