"""Weights of a case put into a student's module, and what a student whose module differs reads."""

import warnings

import pytest
import torch
from torch import nn

from course_lib.checks import module_names, modules
from course_lib.checks.base import Case, Check, Property
from course_lib.checks.compare import differs
from course_lib.checks.execution import execute_all
from course_lib.checks.judging import report_on
from course_lib.checks.modules import ModuleProblem, construct, draw_weights, load_weights

SHAPES = {"up.weight": (3, 2), "up.bias": (3,), "down.weight": (1, 3)}


def seeded():
    return torch.Generator().manual_seed(4)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(2, 3)
        self.down = nn.Linear(3, 1, bias=False)

    def forward(self, x):
        return self.down(self.up(x).relu())


def changed(**parts):
    """A `Net` with some parts exchanged or, where None is given, left out."""
    net = Net()
    for name, part in parts.items():
        delattr(net, name)
        if part is not None:
            setattr(net, name, part)
    return net


def cases(rng):
    x = torch.randn(4, 2, generator=rng)
    yield Case("forward", {"x": x, "width": 3, "weights": draw_weights(SHAPES, rng)}, "a note")
    weights = draw_weights(SHAPES, rng, torch.float64)
    yield Case("forward", {"x": x.double(), "width": 3, "weights": weights}, "float64")


def run(implementation, case):
    net = construct(implementation)
    load_weights(net, case.inputs["weights"])
    return net(case.inputs["x"])


def judge(case, outputs):
    weights = case.inputs["weights"]
    hidden = (case.inputs["x"] @ weights["up.weight"].T + weights["up.bias"]).relu()
    return differs(outputs, hidden @ weights["down.weight"].T)


CHECK = Check(
    id="ex0_test/net",
    title="A net",
    references=("nowhere.Net",),
    properties=(Property("forward", 2, "two layers"),),
    cases=cases,
    run=run,
    judge=judge,
    bugs=(),
    takeaway="Well connected.",
)


def report(implementation):
    drawn = CHECK.drawn_cases(0)
    return report_on(CHECK, drawn, execute_all(CHECK, implementation, drawn))


def test_a_module_computes_with_the_weights_of_the_case_and_in_their_dtype():
    assert report(Net).passed


def test_first_weights_may_be_drawn_from_global_state_but_later_numbers_may_not():
    class Noisy(Net):
        def forward(self, x):
            return super().forward(x) + 0 * torch.rand(1)

    before = torch.get_rng_state()
    assert report(Net).passed
    assert "draws from global random state" in report(Noisy).findings[0].message
    assert torch.equal(torch.get_rng_state(), before)


def test_what_a_module_lacks_is_shown_as_it_stands():
    class Misnamed(Net):
        def __init__(self):
            super().__init__()
            self.out = self.down
            del self.down

    found = report(Misnamed).findings[0]
    assert found.case == "width = 3"  # the tensors do not matter
    assert found.message == (
        "Your module lacks the parameter `down.weight`, of shape (1, 3); it has `up.weight`, "
        "`up.bias` and `out.weight`. The task says what each is called."
    )


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"up": None, "down": None}, "lacks the parameters `up.weight`, `up.bias` and `down.weig"),
        ({"up": None, "down": None}, "it has none"),
        ({"up": nn.Linear(2, 3, bias=False)}, "lacks the parameter `up.bias`, of shape (3,)"),
        ({"down": nn.Linear(3, 1)}, "has the parameter `down.bias`, which the task does not ask"),
        ({"down": nn.Linear(3, 1)}, "`bias=False` makes a linear layer without one."),
        ({"down": nn.Linear(1, 3, bias=False)}, "`down.weight` to have shape (1, 3), got (3, 1)"),
        ({"down": nn.Linear(1, 3, bias=False)}, "`nn.Linear(n_in, n_out)` keeps its weight as"),
        (
            {"up": nn.Linear(2, 5)},
            "Expected the parameter `up.weight` to have shape (3, 2), got (5",
        ),
        ({"up": [nn.Linear(2, 3)]}, "`up` is a plain list, in which torch finds no parameters"),
    ],
)
def test_other_names_and_shapes_are_told(parts, words):
    with pytest.raises(ModuleProblem) as raised:
        load_weights(changed(**parts), draw_weights(SHAPES, seeded()))
    assert words in str(raised.value)


def test_a_parameter_too_many_that_is_no_bias_gets_no_advice_on_biases():
    net = Net()
    net.third = nn.Linear(3, 3)
    with pytest.raises(ModuleProblem) as raised:
        load_weights(net, draw_weights(SHAPES, seeded()))
    assert "parameters `third.weight` and `third.bias`, which" in str(raised.value)
    assert "bias=False" not in str(raised.value)


def test_a_tensor_that_is_no_parameter_is_told():
    net = Net()
    del net.down.weight
    net.down.weight = torch.zeros(1, 3)
    with pytest.raises(
        ModuleProblem, match=r"`down\.weight` is a tensor; wrapped in `nn\.Parameter`"
    ):
        load_weights(net, draw_weights(SHAPES, seeded()))


def test_many_names_are_cut_short():
    weights = draw_weights({f"layer{i}.weight": (1, 1) for i in range(30)}, seeded())
    with pytest.raises(ModuleProblem, match=r"`layer11\.weight` and 18 more; it has none"):
        load_weights(nn.Identity(), weights)


def test_two_names_of_one_parameter_count_as_one_and_stay_one():
    net = Net()
    net.alias = net.down
    weights = draw_weights(SHAPES, seeded())
    load_weights(net, weights)
    assert net.alias.weight is net.down.weight
    assert torch.equal(net.alias.weight, weights["down.weight"])


def test_buffers_are_the_modules_own_and_change_their_dtype_with_it():
    net = Net()
    net.register_buffer("scale", torch.ones(2))
    net.register_buffer("mask", torch.ones(2, dtype=torch.bool))
    net.register_buffer("angles", torch.ones(2, dtype=torch.complex64))
    load_weights(net, draw_weights(SHAPES, seeded(), torch.bfloat16))
    assert net.scale.dtype == net.up.weight.dtype == torch.bfloat16
    assert net.mask.dtype == torch.bool
    assert net.angles.dtype == torch.complex64


def test_the_weights_of_the_case_are_copied():
    weights = draw_weights(SHAPES, seeded())
    before = {name: value.clone() for name, value in weights.items()}
    net = Net()
    load_weights(net, weights)
    for parameter in net.parameters():
        parameter.data += 1
    assert all(torch.equal(weights[name], before[name]) for name in before)


def test_what_is_no_module_is_told():
    class Plain:
        pass

    message = report(Plain).findings[0].message
    assert (
        message == "Expected `Plain(…)` to make a `torch.nn.Module`, got an object of type Plain."
    )
    assert "NotImplementedError" not in message


def test_drawn_weights_keep_the_scale_of_what_they_multiply():
    rng = seeded()
    weights = draw_weights({"weight": (50, 400)}, rng, torch.float64)["weight"]
    x = torch.randn(400, generator=rng, dtype=torch.float64)
    assert weights.dtype == torch.float64
    assert (weights @ x).std().item() == pytest.approx(1, abs=0.3)


def test_the_module_of_this_name_hides_no_function():
    assert modules.load_weights is load_weights
    assert "course_lib.checks.ex1_overfitting.rmse" in module_names()


def test_a_lazy_layer_is_told_to_say_its_sizes():
    class Lazy(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = nn.LazyLinear(3, bias=False)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls lazy layers a feature in development
        module = Lazy()
    with pytest.raises(ModuleProblem, match=r"`up\.weight` has no shape before .* as `nn\.Linear"):
        load_weights(module, {"up.weight": torch.ones(3, 2)})
