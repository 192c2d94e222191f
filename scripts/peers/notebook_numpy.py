"""The teaching notebook: one Elman RNN in NumPy, float64, column vectors, a window per update."""
import numpy as np

from common import serve


class RNN:
    def __init__(self, work):
        self.W_xh, self.W_hh, self.b_h, self.W_hy, self.b_y = (
            start[0].astype(np.float64).reshape(start.shape[1], -1)
            for start in (work.w_xh, work.w_hh, work.b_h, work.w_hy, work.b_y))
        self.lr, self.clip = work.lr, work.clip

    def forward(self, inputs):
        self.inputs = inputs
        self.h = {-1: np.zeros((self.W_hh.shape[0], 1))}
        for t in range(len(inputs)):
            x = inputs[t].reshape(-1, 1)
            self.h[t] = np.tanh(np.dot(self.W_xh, x) + np.dot(self.W_hh, self.h[t - 1]) + self.b_h)
        return np.dot(self.W_hy, self.h[len(inputs) - 1]) + self.b_y

    def backward(self, dy):
        last = len(self.inputs) - 1
        dW_xh, dW_hh = np.zeros_like(self.W_xh), np.zeros_like(self.W_hh)
        db_h = np.zeros_like(self.b_h)
        dW_hy, db_y = np.dot(dy, self.h[last].T), dy
        dh = np.dot(self.W_hy.T, dy)
        for t in reversed(range(last + 1)):
            da = (1 - self.h[t] ** 2) * dh
            dW_xh += np.dot(da, self.inputs[t].reshape(1, -1))
            dW_hh += np.dot(da, self.h[t - 1].T)
            db_h += da
            dh = np.dot(self.W_hh.T, da)
        return dW_xh, dW_hh, db_h, dW_hy, db_y

    def step(self, gradients):
        parameters = (self.W_xh, self.W_hh, self.b_h, self.W_hy, self.b_y)
        for parameter, gradient in zip(parameters, gradients):
            parameter -= self.lr * np.clip(gradient, -self.clip, self.clip)


def make(work):
    def train(epochs):
        model, losses = RNN(work), []
        for _ in range(epochs):
            total = 0.0
            for inputs, target in zip(work.x, work.y):
                error = model.forward(inputs) - target
                total += float(error[0, 0] ** 2)
                model.step(model.backward(2 * error))
            losses.append([total])
        return losses
    return train


serve(make, NumPy=np.__version__)
