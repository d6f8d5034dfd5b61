// Files that lie beside the store and are opened by their names.
#pragma once

#include <string>

namespace switchhook::store_sqlite {

// open(2) of a regular file, made when `flags` say O_CREAT and it is not there (0640). -1 and errno when it cannot be.
// Never through a symbolic link: an administrator's command may run as root in a folder where the service's user put
// one. What root makes belongs to the folder's owner: that user's service has to open it later.
int open_own(const std::string& path, int flags);

// The folder of `path`; "." without one.
std::string folder_of(const std::string& path);

}  // namespace switchhook::store_sqlite
