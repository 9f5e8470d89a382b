"""Which nodes are killed when."""

from lbzf_ros.chaos.kill import plan_blows

NODES = ["detector", "cycle_tracker", "persistence"]


def test_the_same_seed_gives_the_same_blows() -> None:
    assert plan_blows(NODES, 50, 1) == plan_blows(NODES, 50, 1)
    assert plan_blows(NODES, 50, 1) != plan_blows(NODES, 50, 2)


def test_even_a_short_run_hits_two_at_once_and_everything() -> None:
    for seed in range(20):
        sizes = [len(blow.names) for blow in plan_blows(NODES, 8, seed)]
        assert 1 in sizes
        assert 2 in sizes
        assert 0 in sizes
