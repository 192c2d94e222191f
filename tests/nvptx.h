/* The few built-ins of OpenCL C that the kernels use, for clang's nvptx64 target, which lacks them.
 * So a GPU compiler compiles the sources unchanged. Included before the kernels. */
#define get_local_id(d)      ((ulong)__nvvm_read_ptx_sreg_tid_x())
#define get_group_id(d)      ((ulong)__nvvm_read_ptx_sreg_ctaid_x())
#define get_local_size(d)    ((ulong)__nvvm_read_ptx_sreg_ntid_x())
#define get_global_offset(d) 0ul
#define get_global_id(d)     (get_group_id(d) * get_local_size(d) + get_local_id(d))
#define barrier(fence)       __nvvm_bar_sync(0)
#define fma(a, b, c)         __nvvm_fma_rn_f(a, b, c)
#define fmax(a, b)           __nvvm_fmax_f(a, b)
#define fabs(a)              __nvvm_fabs_f(a)
#define as_int(x)            __builtin_astype((x), int)
#define as_float(x)          __builtin_astype((x), float)
#define min(a, b)            ((a) < (b) ? (a) : (b))

static inline int atomic_or(volatile __local int *p, int bits) {
    int old;
    __asm__ volatile("atom.shared.or.b32 %0, [%1], %2;" : "=r"(old) : "l"(p), "r"(bits) : "memory");
    return old;
}
