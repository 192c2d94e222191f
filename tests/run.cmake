# run(result command...): sets result to what the command says on stdout; one that fails ends all.
function(run result)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nends with ${code}:\n${output}${error}")
  endif()
  set(${result} "${output}" PARENT_SCOPE)
endfunction()
