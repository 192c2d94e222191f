"""PyTorch as its tutorials write it: nn.RNN and nn.Linear, autograd, SGD, a loop over windows."""
import torch

from common import serve


def make(work):
    torch.set_num_threads(work.threads)
    x = torch.tensor(work.x, dtype=torch.float32)[:, None, :, None]  # (W, 1, T, 1)
    y = torch.tensor(work.y, dtype=torch.float32)[:, None, None]     # (W, 1, 1)
    rnn = torch.nn.RNN(1, work.w_hh.shape[1], batch_first=True)
    head = torch.nn.Linear(work.w_hh.shape[1], 1)
    # the notebook's one bias is two of PyTorch's: only one of them learns
    rnn.bias_hh_l0.requires_grad_(False)
    learning = [p for p in [*rnn.parameters(), *head.parameters()] if p.requires_grad]
    mse = torch.nn.MSELoss()

    def start():
        rnn.load_state_dict({"weight_ih_l0": torch.tensor(work.w_xh[0]),
                             "weight_hh_l0": torch.tensor(work.w_hh[0]),
                             "bias_ih_l0": torch.tensor(work.b_h[0]),
                             "bias_hh_l0": torch.zeros(len(work.b_h[0]))})
        head.load_state_dict({"weight": torch.tensor(work.w_hy[0]),
                              "bias": torch.tensor(work.b_y[0])})

    def train(epochs):
        start()
        optimizer = torch.optim.SGD(learning, lr=work.lr)
        losses = []
        for _ in range(epochs):
            total = torch.zeros(())
            for inputs, target in zip(x, y):
                loss = mse(head(rnn(inputs)[0][:, -1]), target)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                torch.nn.utils.clip_grad_value_(learning, work.clip)
                optimizer.step()
                total += loss.detach()
            losses.append([total.item()])
        return losses
    return train


serve(make, PyTorch=torch.__version__)
