# Syntax-checks each kernel with clang as OpenCL C 1.2, for the ways in which the host builds it.
#   cmake -D CLANG=clang -D FOLDER=kernels -D KERNELS=forward.cl,bptt.cl -P kernels.cmake
cmake_minimum_required(VERSION 3.25)

# index, suffix, team; for fused.cl the spaces of parameters, state and sums, and the kind of sums;
# options of a learning rule
set(ways
  "uint u 1 global global global 0"
  "uint u 32 local local local 0"
  "uint u 32 local local local 1 -DWR_OPTIMIZER=3u -DWR_LOSS=1u -DWR_BY_NORM=1u -DWR_ORDER=1u"
  "uint u 32 local local global 1"
  "uint u 64 global local local 2"
  "ulong ul 16 global global global 2")

string(REPLACE "," ";" kernels "${KERNELS}")
foreach(kernel IN LISTS kernels)
  foreach(way IN LISTS ways)
    separate_arguments(way)
    list(GET way 0 index)
    list(GET way 1 suffix)
    list(GET way 2 team)
    list(GET way 3 parameters)
    list(GET way 4 state)
    list(GET way 5 sums)
    list(GET way 6 kind)
    list(SUBLIST way 6 -1 rule) # the kind of sums, then options
    list(POP_FRONT rule)
    foreach(space parameters state sums)
      if(kernel STREQUAL "fused_rows.cl" OR kernel STREQUAL "fused_wide.cl")
        set(${space} local)
      elseif(NOT kernel STREQUAL "fused.cl")
        set(${space} global)
      endif()
      string(COMPARE EQUAL ${${space}} local ${space}_local)
    endforeach()
    foreach(target spir-unknown-unknown spir64-unknown-unknown nvptx64-nvidia-nvcl)
      execute_process(
        COMMAND ${CLANG} -x cl -cl-std=CL1.2 -target ${target} -Xclang -finclude-default-header
                -fsyntax-only -Wall -Wextra -Wno-unused-parameter -Werror -D __OPENCL_VERSION__=120 -I ${FOLDER}
                -D WR_INDEX=${index}
                -D WR_I=2${suffix} -D WR_H=20${suffix} -D WR_O=3${suffix} -D WR_T=5${suffix}
                -D WR_TEAM=${team} -D WR_PARAM_SPACE=__${parameters} -D WR_STATE_SPACE=__${state}
                -D WR_SUMS_SPACE=__${sums} -D WR_PARAM_LOCAL=${parameters_local}
                -D WR_STATE_LOCAL=${state_local} -D WR_SUMS_LOCAL=${sums_local} -D WR_SUMS=${kind}
                -D WR_VECTOR=float4 -D WR_PACK=3 -D WR_ROWS=2 -D WR_GROUP=32 -D WR_PARTS=2 ${rule} -D WR_TILE_ROWS=32 -D WR_TILE_COLUMNS=64
                ${FOLDER}/${kernel}
        RESULT_VARIABLE code)
      if(NOT code EQUAL 0)
        message(FATAL_ERROR "${kernel} for ${target} does not compile, built as: ${way}")
      endif()
    endforeach()
  endforeach()
endforeach()
list(LENGTH kernels count)
message("${count} kernels compile")
