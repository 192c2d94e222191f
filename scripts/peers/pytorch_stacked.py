"""PyTorch with M models stacked in one tensor and the gradient written by hand, as one writes it
once a profile has shown autograd and calls on tiny tensors to be the cost: W = [W_hh | b_h | W_xh]
is one matrix that multiplies z_t = (h_t, 1, x_t), so a step is one product; parameters and
gradients are one buffer each, so clipping and updating are one call each; nothing is allocated in
the loop. Two ways are tried and the quicker is taken: the axis of models first in memory and
torch.bmm, or last and products by broadcasting. On a GPU an epoch is one CUDA graph."""
import torch

from common import fastest, serve, skip


class Stack:
    def __init__(self, work, bmm):
        self.work, self.bmm, self.device = work, bmm, torch.device(work.device)
        M, H = work.b_h.shape
        self.T, self.H, K = work.x.shape[1], H, H + 2
        both = [torch.tensor(a.reshape(M, H, -1)) for a in (work.w_hh, work.b_h, work.w_xh)]
        head = [torch.tensor(a.reshape(M, -1)) for a in (work.w_hy, work.b_y)]
        self.start = torch.cat([torch.cat(both, 2).reshape(M, -1), *head], 1).to(self.device)
        self.theta, self.grad = self.zeros(H * K + H + 1), self.zeros(H * K + H + 1)
        self.W, self.V = self.split(self.theta, K)                # (M, H, K), (M, 1, H + 1)
        self.gW, self.gV = self.split(self.grad, K)
        self.product = self.zeros(H, K)
        self.z = self.zeros(self.T + 1, K)                        # z[:, t] goes into step t
        self.z[:, :, H] = 1
        self.a, self.slope = self.zeros(self.T, H), self.zeros(self.T, H)
        self.s, self.dh, self.e = self.zeros(H, 1), self.zeros(H, 1), self.zeros(1, 1)
        self.one, self.total = torch.ones((), device=self.device), self.zeros(1, 1)
        self.z_t = [self.z[:, t, :, None] for t in range(self.T + 1)]       # (M, K, 1)
        self.h_t = [z[:, :H] for z in self.z_t]
        self.a_t = [self.a[:, t, :, None] for t in range(self.T)]           # (M, H, 1)
        self.slope_t = [self.slope[:, t, :, None] for t in range(self.T)]
        self.x = torch.tensor(work.x, dtype=torch.float32, device=self.device)
        self.y = work.y.tolist()

    def zeros(self, *shape):
        """(M, *shape); in memory M comes first or last."""
        M = self.work.models
        if self.bmm:
            return torch.zeros(M, *shape, device=self.device)
        return torch.zeros(*shape, M, device=self.device).movedim(-1, 0)

    def split(self, flat, K):
        return flat[:, :self.H * K].unflatten(1, (self.H, K)), flat[:, None, self.H * K:]

    def multiply(self, matrix, vector, product, out):
        if self.bmm:
            torch.bmm(matrix, vector, out=out)
        else:
            torch.mul(matrix, vector.transpose(1, 2), out=product)
            torch.sum(product, 2, keepdim=True, out=out)

    def outer_products(self):
        """gW = sum over t of a_t z_t'; in z_0 the state is 0."""
        if self.bmm:
            torch.bmm(self.a.transpose(1, 2), self.z[:, :-1], out=self.gW)
            return
        torch.mul(self.a_t[1], self.z[:, None, 1], out=self.gW)
        for t in range(2, self.T):
            self.gW.addcmul_(self.a_t[t], self.z[:, None, t])
        self.gW[:, :, self.H:].addcmul_(self.a_t[0], self.z[:, None, 0, self.H:])

    def update(self, x, y):
        T, H, W, V = self.T, self.H, self.W, self.V
        self.z[:, :T, H + 1].copy_(x)
        self.multiply(W[:, :, H:], self.z_t[0][:, H:], self.product[:, :, H:], self.s)
        torch.tanh(self.s, out=self.h_t[1])
        for t in range(1, T):
            self.multiply(W, self.z_t[t], self.product, self.s)
            torch.tanh(self.s, out=self.h_t[t + 1])
        self.multiply(V, self.z_t[T][:, :H + 1], self.product[:, :1, :H + 1], self.e)
        self.e.sub_(y)
        self.total.addcmul_(self.e, self.e)
        self.e.mul_(2)
        torch.mul(self.e, self.z[:, None, T, :H + 1], out=self.gV)
        torch.mul(self.e, V[:, :, :H].transpose(1, 2), out=self.dh)
        h = self.z[:, 1:, :H]
        torch.addcmul(self.one, h, h, value=-1, out=self.slope)
        torch.mul(self.dh, self.slope_t[T - 1], out=self.a_t[T - 1])
        W_hh, product = W[:, :, :H].transpose(1, 2), self.product[:, :, :H].transpose(1, 2)
        for t in range(T - 1, 0, -1):
            self.multiply(W_hh, self.a_t[t], product, self.dh)
            torch.mul(self.dh, self.slope_t[t - 1], out=self.a_t[t - 1])
        self.outer_products()
        self.grad.clamp_(-self.work.clip, self.work.clip)
        self.theta.add_(self.grad, alpha=-self.work.lr)

    def epoch(self):
        self.total.zero_()
        for x, y in zip(self.x, self.y):
            self.update(x, y)

    def as_graph(self):
        """One epoch as a CUDA graph, recorded on the second of two streams as PyTorch asks."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self.epoch()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.epoch()
        return graph.replay

    def trainer(self):
        on_gpu = self.device.type == "cuda"
        epoch = self.as_graph() if on_gpu else self.epoch

        def train(epochs):
            self.theta.copy_(self.start)
            losses = torch.zeros(epochs, self.work.models, device=self.device)
            for e in range(epochs):
                epoch()
                losses[e].copy_(self.total[:, 0, 0])
            return losses.cpu()  # waits for the device
        return train


def make(work):
    torch.set_grad_enabled(False)
    if work.device == "cpu":
        torch.set_num_threads(work.threads)
    elif not torch.cuda.is_available():
        skip("no CUDA device for PyTorch")
    return fastest({"bmm": Stack(work, True).trainer(),
                    "models last": Stack(work, False).trainer()})


serve(make, PyTorch=torch.__version__)
