"""JAX: one model's update by value_and_grad, lax.scan over updates and epochs, vmap over models,
jit around all of it. The ways that people try when it matters are tried, and the quickest is taken:
products by dot or by broadcasting, and the loop over updates unrolled or not."""
import os
from functools import partial

import jax
import jax.numpy as jnp

from common import fastest, serve, skip


def loss(multiply, p, x, y):
    h = jnp.tanh(p["w_xh"][:, 0] * x[0] + p["b_h"])  # T = 5: unrolled
    for t in range(1, len(x)):
        h = jnp.tanh(p["w_xh"][:, 0] * x[t] + multiply(p["w_hh"], h) + p["b_h"])
    return jnp.sum((multiply(p["w_hy"], h) + p["b_y"] - y) ** 2)


def trainer(work, multiply, unroll):
    windows = (jnp.asarray(work.x, jnp.float32), jnp.asarray(work.y, jnp.float32))
    start = {name: jnp.asarray(getattr(work, name))
             for name in ("w_xh", "w_hh", "b_h", "w_hy", "b_y")}

    def update(p, window):
        value, gradient = jax.value_and_grad(partial(loss, multiply))(p, *window)
        step = lambda theta, g: theta - work.lr * jnp.clip(g, -work.clip, work.clip)
        return jax.tree_util.tree_map(step, p, gradient), value

    def epoch(p, _):
        p, losses = jax.lax.scan(update, p, windows, unroll=unroll)
        return p, losses.sum()

    @partial(jax.jit, static_argnums=1)
    def run(p, epochs):
        return jax.vmap(lambda p: jax.lax.scan(epoch, p, None, length=epochs))(p)

    return lambda epochs: jax.block_until_ready(run(start, epochs))[1].T


def make(work):
    if work.threads == 1:  # JAX has no option for it, but makes no more threads than it has cores
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if work.device not in ("cpu", jax.default_backend()):
        skip("no GPU for JAX")
    jax.config.update("jax_default_matmul_precision", "float32")  # a GPU's default is less
    dot, broadcast = jnp.matmul, lambda a, v: (a * v).sum(-1)
    return fastest({"dot": trainer(work, dot, 1), "dot, unroll 5": trainer(work, dot, 5),
                    "broadcast": trainer(work, broadcast, 1)})


serve(make, JAX=jax.__version__)
