# compress_docs.cmake - before a package is made: pages of the manual and changelogs as gzip, without a time in them.
file(GLOB_RECURSE files LIST_DIRECTORIES false ${CPACK_TEMPORARY_DIRECTORY}/*)
list(FILTER files INCLUDE REGEX "/share/(man/|doc/[^/]*/changelog$)")
foreach(file ${files})
  if(IS_SYMLINK ${file}) # leads to a page that is NAME.gz now
    file(READ_SYMLINK ${file} to)
    file(REMOVE ${file})
    file(CREATE_LINK ${to}.gz ${file}.gz SYMBOLIC)
  else()
    execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
