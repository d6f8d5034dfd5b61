# Before cpack writes a package: every file gets the one time of $SOURCE_DATE_EPOCH, whenever it was checked out or built.
execute_process(COMMAND find ${CPACK_TEMPORARY_DIRECTORY} -exec touch --no-dereference --date=@$ENV{SOURCE_DATE_EPOCH} {} +
    COMMAND_ERROR_IS_FATAL ANY)
