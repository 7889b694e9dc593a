"""Record how closely our models agree with Hugging Face's, loaded from the same files.

    python benchmarks/record_parity.py          # a minute or two on one core

writes benchmarks/results/parity.json. For each model of published sizes (Llama's are smaller),
Hugging Face's implementation draws weights, all of them large enough to matter, and writes its
files; `from_pretrained` reads them. Both read the same tokens, some sequences shorter than others.
The record holds, by model, `n_parameters`, and `logits`, the largest difference between real
tokens' logits divided by their largest size.
"""

import tempfile
from pathlib import Path

import torch
import transformers
from recording import read_options, write_record
from torch import Tensor, nn

from course_lib.device import seeded_generator
from course_lib.models import from_pretrained

SEED, BATCH, SEQ = 0, 4, 48


def models() -> dict[str, nn.Module]:
    """Hugging Face's models, one after the other; what is not said is as published."""
    t = transformers
    return {
        "GPT-2 small": lambda: t.GPT2LMHeadModel(t.GPT2Config()),
        "BERT base": lambda: t.BertForPreTraining(t.BertConfig()),
        "RoBERTa base": lambda: t.RobertaForMaskedLM(
            t.RobertaConfig(
                vocab_size=50_265,
                max_position_embeddings=514,
                type_vocab_size=1,
                layer_norm_eps=1e-5,
            )
        ),
        "ALBERT base v2": lambda: t.AlbertForPreTraining(
            t.AlbertConfig(
                hidden_size=768,
                num_attention_heads=12,
                intermediate_size=3072,
                hidden_act="gelu_new",
            )
        ),
        "T5 base": lambda: t.T5ForConditionalGeneration(
            t.T5Config(d_model=768, num_layers=12, num_heads=12, d_ff=3072)
        ),
        "T5 v1.1 base": lambda: t.T5ForConditionalGeneration(
            t.T5Config(
                d_model=768,
                num_layers=12,
                num_heads=12,
                d_ff=2048,
                feed_forward_proj="gated-gelu",
                tie_word_embeddings=False,
            )
        ),
        "Llama, 11 million": lambda: t.LlamaForCausalLM(
            t.LlamaConfig(
                vocab_size=4096,
                hidden_size=384,
                intermediate_size=1024,
                num_hidden_layers=6,
                num_attention_heads=6,
                num_key_value_heads=2,
                tie_word_embeddings=True,
            )
        ),
    }


@torch.no_grad()
def main() -> None:
    """Compare all, and write the record."""
    read_options(__doc__)
    results = {}
    for name, build in models().items():
        with torch.random.fork_rng():
            torch.manual_seed(SEED)
            theirs = build().eval()
            for parameter in theirs.parameters():
                if parameter.ndim == 1:  # norms and biases, which start at 1 and 0
                    parameter += 0.1 * torch.randn(parameter.shape)
        with tempfile.TemporaryDirectory() as folder:
            theirs.save_pretrained(folder)
            ours = from_pretrained(Path(folder))
        expected, logits = both_logits(theirs, ours)
        results[name] = {
            "n_parameters": sum(parameter.numel() for parameter in ours.parameters()),
            "logits": ((logits - expected).abs().max() / expected.abs().max()).item(),
        }
        print(name, results[name])
    what = f"our models and those of transformers {transformers.__version__}, from the same files"
    write_record("parity", what, [SEED], {"models": results})


def both_logits(theirs: nn.Module, ours: nn.Module) -> tuple[Tensor, Tensor]:
    """Logits of real tokens, by theirs and by ours."""
    generator = seeded_generator(SEED)
    token_ids = torch.randint(10, 4000, (BATCH, SEQ), generator=generator)
    real = torch.arange(SEQ) < torch.tensor([[SEQ], [SEQ - 1], [SEQ // 2], [3]])
    if theirs.config.is_encoder_decoder:
        targets = torch.randint(10, 4000, (BATCH, SEQ), generator=generator)
        given = {"attention_mask": real.long(), "decoder_input_ids": targets}
        return theirs(token_ids, **given).logits, ours(token_ids, targets, real)
    token_ids[~real] = theirs.config.pad_token_id or 0
    outputs = theirs(token_ids, attention_mask=real.long())
    expected = outputs["prediction_logits" if "prediction_logits" in outputs else "logits"]
    causal = theirs.config.model_type in ("gpt2", "llama")
    logits = ours(token_ids, mask=real[:, None, None, :] if causal else real)
    return expected[real], logits[real]


if __name__ == "__main__":
    main()
