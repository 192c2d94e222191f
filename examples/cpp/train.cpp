// train [OUTPUT]: what ../train.c does, in C++17. Handles of the C API are held by unique_ptr, and
// a call that fails throws: nothing has to be released by hand.
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <windrow/windrow.h>

namespace {

// unique_ptr<T> whose handle is released by the function `release`.
template <auto release> struct releaser {
    template <typename T> void operator()(T *handle) const {
        release(handle);
    }
};
using series_ptr = std::unique_ptr<wr_series, releaser<wr_series_free>>;
using windows_ptr = std::unique_ptr<wr_windows, releaser<wr_windows_free>>;
using device_ptr = std::unique_ptr<wr_device, releaser<wr_device_close>>;
using session_ptr = std::unique_ptr<wr_session, releaser<wr_session_close>>;
using result_ptr = std::unique_ptr<wr_train_result, releaser<wr_train_result_release>>;

// Calls a function of the library whose last argument is the error; throws what it says.
template <typename F, typename... Arguments> void call(F *function, Arguments... arguments) {
    wr_error error{};
    std::unique_ptr<wr_error, releaser<wr_error_release>> released(&error);
    wr_status status = function(arguments..., &error);
    if (status != WR_OK)
        throw std::runtime_error(std::string(wr_status_name(status)) + ": " + error.text);
}

// The same for one that makes a handle, its last argument but one.
template <typename Pointer, typename F, typename... Arguments>
Pointer make(F *function, Arguments... arguments) {
    typename Pointer::pointer handle = nullptr;
    call(function, arguments..., &handle);
    return Pointer(handle);
}

windows_ptr make_windows(std::size_t seq_len) {
    auto series = make<series_ptr>(wr_series_ar2, std::size_t{100}, std::uint32_t{0});
    const std::size_t column = 0; // the series forecasts itself
    wr_windows_spec spec{};
    spec.input_columns = spec.target_columns = &column;
    spec.inputs = spec.outputs = 1;
    spec.seq_len = seq_len;
    return make<windows_ptr>(wr_windows_make, series.get(), &spec);
}

void run(const char *path) {
    const std::array<std::uint32_t, 4> seeds{0, 1, 2, 3};
    std::array<wr_task, 4> tasks{}; // all windows, in order
    for (std::size_t m = 0; m < tasks.size(); m++) {
        tasks[m].lr = m < 2 ? 1e-4f : 1e-3f;
        tasks[m].clip = 1;
    }
    wr_stack stack{};
    stack.shape = {/* inputs */ 1, /* hidden */ 20, /* outputs */ 1, /* seq_len */ 5};
    stack.count = seeds.size();
    wr_layout layout;
    call(wr_layout_of, &stack.shape, &layout);
    std::vector<float> parameters(stack.count * layout.count); // (M, P)
    stack.parameters = parameters.data();
    call(wr_parameters_init, &stack, WR_INIT_NOTEBOOK, seeds.data());

    auto windows = make_windows(stack.shape.seq_len);
    wr_ensemble ensemble{};
    ensemble.stack = stack;
    ensemble.tasks = tasks.data();
    ensemble.batch = 1;
    wr_windows_get(windows.get(), &ensemble.windows);

    const wr_device_options *defaults = nullptr;
    auto device = make<device_ptr>(wr_device_open, "auto", defaults); // a GPU, else the CPU
    auto session = make<session_ptr>(wr_session_open, device.get(), &ensemble);
    wr_train_options options{};
    options.epochs = 50;
    wr_train_result result;
    call(wr_train, session.get(), &options, &result);
    result_ptr released(&result);
    for (std::size_t m = 0; m < stack.count; m++)
        std::printf("model %zu: loss %.4f\n", m, static_cast<double>(result.losses[m]));

    call(wr_session_read, session.get(), WR_PARAMETERS, parameters.data());
    const wr_metadata *none = nullptr;
    call(wr_parameters_save, path, &stack, none, std::size_t{0});
}

} // namespace

int main(int argc, char **argv) {
    try {
        run(argc > 1 ? argv[1] : "ensemble.safetensors");
    } catch (const std::exception &exception) {
        std::fprintf(stderr, "train: %s\n", exception.what());
        return 1;
    }
    return 0;
}
