/* The few built-ins of OpenCL C that the kernels use, for clang's amdgcn target, which lacks them.
 * Included before the kernels. nvptx.h does this for NVIDIA's target. */
#define get_local_id(d)      ((ulong)__builtin_amdgcn_workitem_id_x())
#define get_group_id(d)      ((ulong)__builtin_amdgcn_workgroup_id_x())
#define get_local_size(d)    ((ulong)__builtin_amdgcn_workgroup_size_x())
#define get_global_offset(d) 0ul
#define get_global_id(d)     (get_group_id(d) * get_local_size(d) + get_local_id(d))
#define fma(a, b, c)         __builtin_fmaf(a, b, c)
#define fmax(a, b)           __builtin_fmaxf(a, b)
#define fabs(a)              __builtin_fabsf(a)
#define as_int(x)            __builtin_astype((x), int)
#define as_float(x)          __builtin_astype((x), float)
#define min(a, b)            ((a) < (b) ? (a) : (b))

static inline void barrier(int fences) {
    (void)fences;
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
}

static inline int atomic_or(volatile __local int *p, int bits) {
    return __atomic_fetch_or(p, bits, __ATOMIC_RELAXED);
}
