#include "core/app/application.hpp"

int main(int argc, char** argv) {
    return switchhook::app::run_program(argc, argv);
}
